/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a run's page that holds a log's tasks against what really became
 * of them. */
#ifndef REPORT_PREDICTION_PAGE_H
#define REPORT_PREDICTION_PAGE_H

struct err;
struct page;

/* From the file that "simulate --from-log --out" left in the folder; nothing if
 * there is none. */
int prediction_page_add(struct page *page, const char *folder, struct err *err);

#endif
