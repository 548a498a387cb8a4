/* SPDX-License-Identifier: Apache-2.0 */
/* What a task reported last: its progress and any metrics. */
#ifndef BACKEND_KEEPER_REPORT_H
#define BACKEND_KEEPER_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

enum { REPORT_METRICS = 64, REPORT_NAME_BYTES = 64 };

struct keeper_report {
    double progress; /* -1: none yet */
    int64_t at_us;   /* when the progress was reported; the keeper's to set */
    json_t *metrics; /* name: number or short string */
};

void keeper_report_init(struct keeper_report *report);
void keeper_report_release(struct keeper_report *report);

/* Takes in one line: {"progress":0.4,"loss":1.2}. False if it is not such a line; then nothing
 * changes. */
bool keeper_report_line(struct keeper_report *report, const char *line, size_t length);

/* {"progress":..,"at_us":..,"metrics":{..}} */
void keeper_report_print(const struct keeper_report *report, struct text *out);

#endif
