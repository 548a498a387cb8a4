/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds hold for the mean over all tasks, so an outcome that lost or left some has no gap: its own
 * mean is over the others. Where noise is drawn per start, those that started no task twice are
 * held against the bound for one start, which is tighter.
 */
#include "report/bound_gap.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bound/bounds.h"
#include "core/scenario.h"
#include "report/result.h"
#include "sim/comparison.h"

static bool draws_per_start(const struct scenario *scenario)
{
    for (int i = 0; i < scenario->catalog.types; i++) {
        const struct noise *noise = &scenario->truth[i].noise;

        if (noise->kind == NOISE_LOGNORMAL && !noise->per_slot)
            return true;
    }
    return false;
}

static void fill_outcome(struct metrics *m, const struct bound *bound)
{
    m->bound = m->bound_gap = (double)NAN;
    if (!bound || m->finished < m->tasks || !isfinite(bound->best) || bound->best <= 0)
        return;
    m->bound = bound->best;
    m->bound_gap = 100 * (m->mean_completion / bound->best - 1);
}

int bound_gap_fill(const struct scenario *scenario, const struct result *result,
                   const struct bound_rules *rules, struct outcome *outcome, struct err *err)
{
    struct bound_rules once = *rules;
    struct bound *many_starts = xcalloc((size_t)result->seeds, sizeof *many_starts);
    struct bound *one_start = xcalloc((size_t)result->seeds, sizeof *one_start);
    bool per_start = draws_per_start(scenario);
    int rc = bounds_run(scenario, result->seed, result->seeds, rules, many_starts, err);

    once.starts = 1;
    if (rc == 0 && per_start)
        rc = bounds_run(scenario, result->seed, result->seeds, &once, one_start, err);
    for (int i = 0; rc == 0 && i < result->seeds * result->entrants; i++) {
        int seed = i / result->entrants;
        struct metrics *m = &outcome[i].metrics;

        if (!outcome[i].done)
            continue;
        if (per_start && m->most_starts <= 1)
            fill_outcome(m, &one_start[seed]);
        else
            fill_outcome(m,
                         per_start && m->most_starts > rules->starts ? NULL : &many_starts[seed]);
    }
    free(many_starts);
    free(one_start);
    return rc;
}
