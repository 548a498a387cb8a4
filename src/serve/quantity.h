/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, sizes and dates as people write them. */
#ifndef SERVE_QUANTITY_H
#define SERVE_QUANTITY_H

#include <jansson.h>
#include <stdint.h>

struct emit;
struct err;

/* "90", "1.5h", "50ms", "30d": seconds. */
int quantity_duration(const char *text, double *out_s, struct err *err);
/* "4G", "512MiB", "1000000": bytes; K, M, G and T are powers of 1024. */
int quantity_bytes(const char *text, int64_t *out, struct err *err);

/* "2026-11-22T05:04:03.250Z"; 0 prints as null. Reading takes it with or without a fraction. */
void quantity_emit_time(struct emit *e, int64_t at_us);
json_t *quantity_time_json(int64_t at_us);
int quantity_time(const char *text, int64_t *out_us, struct err *err);
/* Such a time, or a duration from now on. */
int quantity_moment(const char *text, int64_t *out_us, struct err *err);
/* Such a time, or how long ago it was. */
int quantity_past(const char *text, int64_t *out_us, struct err *err);
int64_t quantity_from_now(double seconds);

#endif
