/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms as Prometheus wants them: how many values were at most so large. */
#ifndef SERVE_HISTOGRAM_H
#define SERVE_HISTOGRAM_H

#include <stdint.h>

struct text;

enum { HISTOGRAM_BUCKETS = 12 };

struct histogram {
    int64_t bucket[HISTOGRAM_BUCKETS + 1]; /* the last one: larger than all bounds */
    int64_t count;
    double sum;
};

/* Ascending bounds. */
extern const double
    histogram_brief_s[HISTOGRAM_BUCKETS]; /* of work in this process: 10 us to 10 s */
extern const double histogram_long_s[HISTOGRAM_BUCKETS]; /* of tasks: 1 s to days */
extern const double histogram_ratio[HISTOGRAM_BUCKETS];  /* of errors: 1 % to tenfold */

void histogram_add(struct histogram *histogram, const double bounds[HISTOGRAM_BUCKETS],
                   double value);
/* Its lines; labels: "type=\"x\"" or "". */
void histogram_print(const struct histogram *histogram, const double bounds[HISTOGRAM_BUCKETS],
                     const char *name, const char *labels, struct text *out);

#endif
