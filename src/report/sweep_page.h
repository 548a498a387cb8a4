/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a sweep as one HTML file: curves and tables of the figures that matter. */
#ifndef REPORT_SWEEP_PAGE_H
#define REPORT_SWEEP_PAGE_H

struct err;
struct sweep_record;

/* "-" is standard output. */
int sweep_page_write(const char *path, const struct sweep_record *sweep, struct err *err);

#endif
