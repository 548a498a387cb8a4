/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream of jobs looks like: how many, how bursty, how long, how much of each resource; in
 * memory that does not grow with the stream. */
#ifndef TRACE_LOAD_STATISTICS_H
#define TRACE_LOAD_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

/* Counts in bins whose width is a fixed share of their place: quantiles within 1 %. */
enum { BINS_PER_DOUBLING = 64, BIN_DOUBLINGS = 80, TIMES_KEPT = 4 << 20 };

struct bins {
    int64_t count[BIN_DOUBLINGS * BINS_PER_DOUBLING];
    double sum[BIN_DOUBLINGS * BINS_PER_DOUBLING];
    int64_t total;
    double least, most, whole, squares;
};

struct load_statistics {
    struct bins seconds; /* durations */
    int64_t jobs, backwards;
    double first_s, last_s, previous_s;
    double gap_sum, gap_squares;    /* between neighbours, while they are in order */
    VECTOR(double) times;           /* the first TIMES_KEPT, for streams out of order */
    VECTOR(int32_t) hours;          /* arrivals by hour since the first multiple of 3600 s */
    double base_s;                  /* where hours begins */
    double demand_s[MAX_RESOURCES]; /* units times seconds asked for */
    int64_t outside_hours;
};

void load_statistics_init(struct load_statistics *s);
void load_statistics_release(struct load_statistics *s);

/* One job: when it arrives, how long it runs (NAN: not known), what it holds meanwhile. */
void load_statistics_add(struct load_statistics *s, double at_s, double seconds,
                         const double *amount, int resources);

struct load_summary {
    int64_t jobs, backwards;
    double first_s, span_s;
    double gap_mean_s, gap_cv; /* NAN of fewer than three, or when too many are out of order */
    double peak_hour_start_s, peak_hour_jobs, mean_hour_jobs;
    double mean_s, p50_s, p99_s, least_s, most_s, cv2; /* durations; NAN: none known */
    double top_share;                                  /* of all seconds, in the longest 1 % */
    double tail_index; /* Hill's estimate over the longest 5 %; NAN of fewer than 100 jobs */
};

void load_statistics_summarise(struct load_statistics *s, struct load_summary *out);

#endif
