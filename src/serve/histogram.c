/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/histogram.h"

#include "base/text.h"

const double histogram_brief_s[HISTOGRAM_BUCKETS] = {1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.02,
                                                     0.05, 0.1,  0.5,  1,    5,    10};
const double histogram_long_s[HISTOGRAM_BUCKETS] = {1,    5,    15,   60,    300,   900,
                                                    1800, 3600, 7200, 21600, 86400, 604800};
const double histogram_ratio[HISTOGRAM_BUCKETS] = {0.01, 0.02, 0.05, 0.1, 0.15, 0.2,
                                                   0.3,  0.5,  0.75, 1,   2,    10};

void histogram_add(struct histogram *histogram, const double bounds[HISTOGRAM_BUCKETS],
                   double value)
{
    int at = 0;

    while (at < HISTOGRAM_BUCKETS && value > bounds[at])
        at++;
    histogram->bucket[at]++;
    histogram->count++;
    histogram->sum += value;
}

void histogram_print(const struct histogram *histogram, const double bounds[HISTOGRAM_BUCKETS],
                     const char *name, const char *labels, struct text *out)
{
    const char *comma = *labels ? "," : "", *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    int64_t sum = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        sum += histogram->bucket[i];
        text_printf(out, "%s_bucket{%s%sle=\"%g\"} %lld\n", name, labels, comma, bounds[i],
                    (long long)sum);
    }
    text_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", name, labels, comma,
                (long long)histogram->count);
    text_printf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, histogram->sum);
    text_printf(out, "%s_count%s%s%s %lld\n", name, open, labels, close,
                (long long)histogram->count);
}
