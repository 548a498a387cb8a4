/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a run, for its page and as files for papers. */
#ifndef REPORT_RUN_CHARTS_H
#define REPORT_RUN_CHARTS_H

#include "base/arena.h"
#include "report/plot.h"

struct run_digest;

enum run_chart {
    CHART_COMPARISON,   /* means with intervals, and paired differences */
    CHART_DISTRIBUTION, /* of completion times and slowdowns */
    CHART_TIME,         /* utilisation and queue */
    CHART_TYPES,
    CHART_CLUSTERS,
    RUN_CHARTS
};

struct run_charts {
    struct arena arena;
    struct plot plot[RUN_CHARTS];
    const char *caption[RUN_CHARTS];
};

/* Everything is in the charts' arena but names, which are the run's. */
void run_charts_make(struct run_charts *charts, const struct run_digest *digest);
void run_charts_release(struct run_charts *charts);

/* "comparison": what a file with the chart is called. */
const char *run_chart_name(enum run_chart chart);

#endif
