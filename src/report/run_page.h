/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run as one HTML file: its table, its pictures, and one seed's schedules. */
#ifndef REPORT_RUN_PAGE_H
#define REPORT_RUN_PAGE_H

#include <stddef.h>

struct err;
struct run_charts;
struct run_digest;

enum { RUN_PAGE_STRETCHES = 400000 }; /* in all schedules of a page, about 15 MB */

/* "-" is standard output. */
int run_page_write(const char *path, const struct run_digest *digest,
                   const struct run_charts *charts, int seed_index, struct err *err);

#endif
