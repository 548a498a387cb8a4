/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's page: everything it needs is in it. */
#ifndef SERVE_DASHBOARD_H
#define SERVE_DASHBOARD_H

struct text;

void dashboard_print(const char *site, struct text *out);
/* The value of its header Content-Security-Policy. */
void dashboard_print_policy(struct text *out);

#endif
