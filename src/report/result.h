/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison summed up: per contender the mean of every figure over the seeds with its 95 %
 * interval (Student's t over seeds), and the difference of mean completion times to the first
 * contender over the seeds that both finished. That difference is paired: both saw the same
 * arrivals, so its interval is that of the differences, far narrower than the two means' own.
 */
#ifndef REPORT_RESULT_H
#define REPORT_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/statistics.h"
#include "core/allocation.h"
#include "core/plan.h"
#include "core/view.h"
#include "report/measure.h"

struct catalog;
struct outcome;

/* Somebody who was compared. */
struct entrant {
    const char *name;     /* its label */
    const char *policy;   /* its name in the registry */
    enum info_class info; /* what it was shown */
};

struct summary {
    int seeds;                         /* finished */
    struct estimate measure[MEASURES]; /* over the seeds where it is defined */
    double utilisation[MAX_RESOURCES]; /* mean over seeds */
    double refused[REFUSALS];          /* mean per episode */
    struct estimate difference;        /* count 0 for the first entrant */
};

/* What tables, CSV and JSON are made from. All but summary is borrowed. */
struct result {
    const struct catalog *catalog;
    const char *scenario; /* its name */
    const struct entrant *entrant;
    const uint64_t *seed;
    int entrants, seeds;
    const struct outcome *outcome; /* seed_index * entrants + entrant */
    struct summary *summary;       /* by entrant */
};

/* Makes result->summary from the outcomes. */
void result_sum_up(struct result *result);
void result_release(struct result *result);

const struct outcome *result_outcome(const struct result *result, int entrant, int seed_index);

/* True when no task of any episode ever waited, or all entrants did exactly the same: then the
 * comparison says nothing. *why is set to a sentence. */
bool result_is_empty(const struct result *result, const char **why);

#endif
