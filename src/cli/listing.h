/* SPDX-License-Identifier: Apache-2.0 */
/* How commands that list things print their table: by the flags of LIST_OPTION_ROWS. */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

struct arguments;
struct table;
struct text;

enum { LISTING_WIDTH = 100 };

/* The first column holds the names. */
void listing_print(const struct arguments *args, const struct table *table, struct text *out);
/* The same to standard output. */
void listing_show(const struct arguments *args, const struct table *table);

#endif
