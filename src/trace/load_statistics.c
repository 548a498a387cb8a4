/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations go into bins of constant ratio (2^(1/64), 1.1 %), each with its count and its sum, from
 * which come quantiles, the share of the longest hundredth, and Hill's estimate of the tail index
 * ("A simple general approach to inference about the tail of a distribution", Annals of Statistics
 * 1975): one over the mean of log(x / threshold) over the longest. Below 2 the variance, below 1
 * the mean of such a tail does not exist, and a mean completion time hangs on a few tasks.
 *
 * Gaps between arrivals are summed as they come; if the stream turns out not to be in order of
 * time, the times that were kept are sorted and the gaps taken from them.
 */
#include "trace/load_statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"

enum { HOURS_KEPT = 1 << 20, HILL_LEAST = 100 };

static const double LEAST_SECONDS = 1e-6, HOUR_S = 3600;

void load_statistics_init(struct load_statistics *s)
{
    memset(s, 0, sizeof *s);
    s->seconds.least = s->first_s = HUGE_VAL;
    s->seconds.most = s->last_s = -HUGE_VAL;
}

void load_statistics_release(struct load_statistics *s)
{
    vector_release(&s->times);
    vector_release(&s->hours);
}

static int bin_of(double seconds)
{
    double at = log2(seconds / LEAST_SECONDS) * BINS_PER_DOUBLING;

    if (!(at > 0))
        return 0;
    return at < BIN_DOUBLINGS * BINS_PER_DOUBLING ? (int)at : BIN_DOUBLINGS * BINS_PER_DOUBLING - 1;
}

static void bins_add(struct bins *b, double seconds)
{
    int i = bin_of(seconds);

    b->count[i]++;
    b->sum[i] += seconds;
    b->total++;
    b->whole += seconds;
    b->squares += seconds * seconds;
    b->least = fmin(b->least, seconds);
    b->most = fmax(b->most, seconds);
}

static void count_hour(struct load_statistics *s, double at_s)
{
    double hour;

    if (s->jobs == 0)
        s->base_s = floor(at_s / HOUR_S) * HOUR_S;
    hour = floor((at_s - s->base_s) / HOUR_S);
    if (hour < 0 || hour >= HOURS_KEPT) {
        s->outside_hours++;
        return;
    }
    while (s->hours.count <= (size_t)hour)
        vector_push(&s->hours, 0);
    s->hours.item[(size_t)hour]++;
}

void load_statistics_add(struct load_statistics *s, double at_s, double seconds,
                         const double *amount, int resources)
{
    count_hour(s, at_s);
    if (s->jobs > 0) {
        double gap = at_s - s->previous_s;

        s->backwards += gap < 0;
        s->gap_sum += gap;
        s->gap_squares += gap * gap;
    }
    s->previous_s = at_s;
    s->jobs++;
    s->first_s = fmin(s->first_s, at_s);
    s->last_s = fmax(s->last_s, at_s);
    if (s->times.count < TIMES_KEPT)
        vector_push(&s->times, at_s);
    if (!(seconds >= 0))
        return;
    bins_add(&s->seconds, seconds);
    for (int r = 0; r < resources; r++)
        s->demand_s[r] += amount[r] * seconds;
}

static void summarise_gaps(struct load_statistics *s, struct load_summary *out)
{
    double sum = s->gap_sum, squares = s->gap_squares;
    double gaps = (double)s->jobs - 1;

    out->gap_mean_s = out->gap_cv = (double)NAN;
    if (gaps < 2)
        return;
    out->gap_mean_s = out->span_s / gaps;
    if (s->backwards > 0) {
        if ((int64_t)s->times.count < s->jobs)
            return;
        vector_sort(&s->times, order_double);
        sum = squares = 0;
        for (size_t i = 1; i < s->times.count; i++) {
            double gap = s->times.item[i] - s->times.item[i - 1];

            sum += gap;
            squares += gap * gap;
        }
    }
    if (sum > 0)
        out->gap_cv = sqrt(fmax(0, squares / gaps - (sum / gaps) * (sum / gaps))) / (sum / gaps);
}

static void summarise_hours(const struct load_statistics *s, struct load_summary *out)
{
    int32_t most = 0;

    for (size_t i = 0; i < s->hours.count; i++) {
        if (s->hours.item[i] <= most)
            continue;
        most = s->hours.item[i];
        out->peak_hour_start_s = s->base_s + (double)i * HOUR_S;
    }
    out->peak_hour_jobs = most;
    out->mean_hour_jobs = (double)s->jobs / fmax(1, out->span_s / HOUR_S);
}

static double quantile(const struct bins *b, double part)
{
    int64_t below = 0, wanted = (int64_t)ceil(part * (double)b->total);

    for (int i = 0; i < BIN_DOUBLINGS * BINS_PER_DOUBLING; i++) {
        below += b->count[i];
        if (below >= wanted && b->count[i] > 0)
            return fmax(b->least, fmin(b->most, b->sum[i] / (double)b->count[i]));
    }
    return (double)NAN;
}

/* The longest tenths, hundredths ...: what they hold and how they fall off. */
static void summarise_tail(const struct bins *b, struct load_summary *out)
{
    int64_t hundredth = b->total / 100 + 1, twentieth = b->total / 20, taken = 0, hill = 0;
    double held = 0, logs = 0, threshold = quantile(b, 0.95);

    for (int i = BIN_DOUBLINGS * BINS_PER_DOUBLING - 1; i >= 0 && taken < hundredth; i--) {
        int64_t some = b->count[i] < hundredth - taken ? b->count[i] : hundredth - taken;

        if (some == 0)
            continue;
        held += b->sum[i] / (double)b->count[i] * (double)some;
        taken += some;
    }
    out->top_share = b->whole > 0 ? held / b->whole : (double)NAN;
    out->tail_index = (double)NAN;
    if (b->total < HILL_LEAST)
        return;
    for (int i = BIN_DOUBLINGS * BINS_PER_DOUBLING - 1; i >= 0 && hill < twentieth; i--) {
        if (b->count[i] == 0)
            continue;
        logs += (double)b->count[i] * log(fmax(1, b->sum[i] / (double)b->count[i] / threshold));
        hill += b->count[i];
    }
    if (logs > 0)
        out->tail_index = (double)hill / logs;
}

void load_statistics_summarise(struct load_statistics *s, struct load_summary *out)
{
    const struct bins *b = &s->seconds;
    double n = (double)b->total;

    *out = (struct load_summary){.jobs = s->jobs, .backwards = s->backwards};
    out->first_s = s->jobs > 0 ? s->first_s : (double)NAN;
    out->span_s = s->jobs > 0 ? s->last_s - s->first_s : (double)NAN;
    summarise_gaps(s, out);
    summarise_hours(s, out);
    out->mean_s = out->p50_s = out->p99_s = out->least_s = out->most_s = out->cv2 = (double)NAN;
    out->top_share = out->tail_index = (double)NAN;
    if (b->total == 0)
        return;
    out->mean_s = b->whole / n;
    out->p50_s = quantile(b, 0.5);
    out->p99_s = quantile(b, 0.99);
    out->least_s = b->least;
    out->most_s = b->most;
    if (out->mean_s > 0)
        out->cv2 =
            fmax(0, b->squares / n - out->mean_s * out->mean_s) / (out->mean_s * out->mean_s);
    summarise_tail(b, out);
}
