/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules inside a page, for web/gantt.js. */
#ifndef REPORT_GANTT_PAGE_H
#define REPORT_GANTT_PAGE_H

#include <stddef.h>

struct err;
struct page;
struct run_digest;

/*
 * Adds the schedules of one seed, all entrants, with at most so many stretches in all. Fails where
 * the files of the episodes cannot be read.
 */
int gantt_page_add(struct page *page, const struct run_digest *digest, int seed_index, size_t most,
                   struct err *err);

#endif
