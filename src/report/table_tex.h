/* SPDX-License-Identifier: Apache-2.0 */
/* A text table as a LaTeX tabular with the rules of the booktabs package. */
#ifndef REPORT_TABLE_TEX_H
#define REPORT_TABLE_TEX_H

struct table;
struct text;

/* caption may be NULL; it stands in a comment above. Needs \usepackage{booktabs} and UTF-8. */
void table_tex(const struct table *table, const char *caption, struct text *out);

#endif
