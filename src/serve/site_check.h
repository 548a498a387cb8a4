/* SPDX-License-Identifier: Apache-2.0 */
/* What can be found wrong with a site before it is served, beyond what its file says. */
#ifndef SERVE_SITE_CHECK_H
#define SERVE_SITE_CHECK_H

struct err;
struct site;
struct text;

/* Looks up the address to listen at, reads the tokens' file, looks for those of TLS and for what
 * the clusters offer. ERR_INVALID, with the place in the site's file. What is not wrong but
 * doubtful goes into "doubts", a line each. The daemon starts with it. */
int site_check(const struct site *site, struct text *doubts, struct err *err);

/* To standard error, each line behind this prefix. */
void site_print_doubts(const struct text *doubts, const char *prefix);

/* Opens the policy with its options and model, as the daemon would. */
int site_check_policy(const struct site *site, struct err *err);

#endif
