/* SPDX-License-Identifier: Apache-2.0 */
#include "report/result.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "core/catalog.h"
#include "sim/comparison.h"

const struct outcome *result_outcome(const struct result *result, int entrant, int seed_index)
{
    return &result->outcome[seed_index * result->entrants + entrant];
}

static struct estimate sum_measure(const struct result *result, int entrant, enum measure measure,
                                   double *sample)
{
    int count = 0;

    for (int s = 0; s < result->seeds; s++) {
        const struct outcome *outcome = result_outcome(result, entrant, s);
        double value = outcome->done ? measure_of(&outcome->metrics, measure) : (double)NAN;

        if (isfinite(value))
            sample[count++] = value;
    }
    return estimate_mean(sample, count);
}

static struct estimate sum_difference(const struct result *result, int entrant, double *sample)
{
    int count = 0;

    for (int s = 0; entrant > 0 && s < result->seeds; s++) {
        const struct outcome *first = result_outcome(result, 0, s);
        const struct outcome *own = result_outcome(result, entrant, s);
        double difference = own->metrics.mean_completion - first->metrics.mean_completion;

        if (first->done && own->done && isfinite(difference))
            sample[count++] = difference;
    }
    return estimate_mean(sample, count);
}

/* Means of the figures that come by resource and by reason. */
static void sum_vectors(const struct result *result, int entrant, struct summary *summary)
{
    for (int s = 0; s < result->seeds; s++) {
        const struct outcome *outcome = result_outcome(result, entrant, s);

        if (!outcome->done)
            continue;
        summary->seeds++;
        for (int r = 0; r < result->catalog->resources; r++)
            summary->utilisation[r] += outcome->metrics.utilisation[r];
        for (int i = 0; i < REFUSALS; i++)
            summary->refused[i] += (double)outcome->metrics.refused[i];
    }
    for (int r = 0; summary->seeds > 0 && r < result->catalog->resources; r++)
        summary->utilisation[r] /= summary->seeds;
    for (int i = 0; summary->seeds > 0 && i < REFUSALS; i++)
        summary->refused[i] /= summary->seeds;
}

void result_sum_up(struct result *result)
{
    double *sample = xcalloc((size_t)result->seeds, sizeof *sample);

    free(result->summary);
    result->summary = xcalloc((size_t)result->entrants, sizeof *result->summary);
    for (int e = 0; e < result->entrants; e++) {
        struct summary *summary = &result->summary[e];

        for (int m = 0; m < MEASURES; m++)
            summary->measure[m] = sum_measure(result, e, (enum measure)m, sample);
        summary->difference = sum_difference(result, e, sample);
        sum_vectors(result, e, summary);
    }
    free(sample);
}

void result_release(struct result *result)
{
    free(result->summary);
    result->summary = NULL;
}

static bool anything_waited(const struct result *result)
{
    for (int i = 0; i < result->seeds * result->entrants; i++)
        if (result->outcome[i].done &&
            (result->outcome[i].metrics.mean_wait > 0 || result->outcome[i].metrics.unfinished > 0))
            return true;
    return false;
}

static bool are_alike(const struct outcome *a, const struct outcome *b)
{
    return a->metrics.mean_completion == b->metrics.mean_completion &&
           a->metrics.longest == b->metrics.longest && a->metrics.makespan == b->metrics.makespan &&
           a->metrics.unfinished == b->metrics.unfinished;
}

static bool all_alike(const struct result *result)
{
    int pairs = 0;

    for (int s = 0; s < result->seeds; s++)
        for (int e = 1; e < result->entrants; e++) {
            const struct outcome *first = result_outcome(result, 0, s);
            const struct outcome *own = result_outcome(result, e, s);

            if (!first->done || !own->done)
                continue;
            if (!are_alike(first, own))
                return false;
            pairs++;
        }
    return pairs > 0;
}

bool result_is_empty(const struct result *result, const char **why)
{
    if (all_alike(result)) {
        *why = "all policies did exactly the same; the comparison says nothing";
        return true;
    }
    if (result->seeds > 0 && result->outcome[0].done && !anything_waited(result)) {
        *why = "no task ever waited: nothing contends here";
        return true;
    }
    return false;
}
