/* SPDX-License-Identifier: Apache-2.0 */
#include "report/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/choices.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "report/trial.h"
#include "sim/arrivals.h"
#include "sim/ideal.h"

enum { CHOICES = 1024, EXAMPLE_CLUSTERS = 5 };

/* How a type runs on a cluster of one capacity, at work 1. */
struct fit {
    bool known, holds; /* holds: it fits and ends */
    double seconds_min, seconds_thrifty, seconds_best;
    struct allocation thrifty, best;
};

struct surveyor {
    struct survey *survey;
    const struct scenario *scenario;
    int32_t *shape;  /* by cluster: the first cluster of the same capacity */
    struct fit *fit; /* by shape and type */
};

static void find_shapes(struct surveyor *s)
{
    const struct catalog *catalog = &s->scenario->catalog;

    for (int32_t c = 0; c < catalog->clusters; c++) {
        s->shape[c] = c;
        if (c > 0 &&
            allocation_equal(&catalog->cluster[c].capacity, &catalog->cluster[c - 1].capacity))
            s->shape[c] = s->shape[c - 1];
    }
}

static struct fit find_fit(const struct scenario *scenario, int type, const struct allocation *min,
                           const struct allocation *max, const struct allocation *capacity)
{
    struct fit fit = {.known = true, .seconds_best = HUGE_VAL};
    struct allocation most = allocation_least(max, capacity);
    double least = HUGE_VAL;
    struct choices choices;

    if (!allocation_fits(min, capacity))
        return fit;
    fit.seconds_min = alone_seconds(scenario, type, min, 1);
    choices_make(&choices, min, &most, scenario->catalog.resources, CHOICES);
    for (int32_t i = 0; i < choices.count; i++) {
        const struct allocation *a = &choices.item[i];
        double seconds = alone_seconds(scenario, type, a, 1);
        double cost = allocation_dominant_share(a, capacity) * seconds;

        if (cost < least) {
            least = cost;
            fit.thrifty = *a;
            fit.seconds_thrifty = seconds;
        }
        if (seconds < fit.seconds_best) {
            fit.best = *a;
            fit.seconds_best = seconds;
        }
    }
    choices_release(&choices);
    fit.holds = fit.seconds_best < HUGE_VAL;
    return fit;
}

/* Kept per type and capacity; tasks with limits of their own are worked out one by one. */
static struct fit fit_of(struct surveyor *s, const struct arrival *arrival, int32_t cluster)
{
    const struct catalog *catalog = &s->scenario->catalog;
    const struct type_info *info = &catalog->type[arrival->type];
    const struct allocation *capacity = &catalog->cluster[cluster].capacity;
    struct fit *kept =
        &s->fit[(size_t)s->shape[cluster] * (size_t)catalog->types + (size_t)arrival->type];

    if (arrival->limits)
        return find_fit(s->scenario, arrival->type, &arrival->limits[0], &arrival->limits[1],
                        capacity);
    if (!kept->known)
        *kept = find_fit(s->scenario, arrival->type, &info->min, &info->max, capacity);
    return *kept;
}

static void add_load(struct load *load, const struct allocation *min, const struct fit *fit,
                     double work, int resources)
{
    for (int r = 0; r < resources; r++) {
        if (fit->seconds_min < HUGE_VAL)
            load->minimum[r] += min->amount[r] * fit->seconds_min * work;
        load->thrifty[r] += fit->thrifty.amount[r] * fit->seconds_thrifty * work;
    }
}

static void note_nowhere(struct surveyor *s, const struct arrival *arrival, int32_t task,
                         uint64_t seed)
{
    struct type_survey *type = &s->survey->type[arrival->type];
    struct text reach;

    type->nowhere++;
    s->survey->nowhere++;
    if (type->example_reach)
        return;
    type->example = task;
    type->example_seed = seed;
    text_init(&reach, 0);
    for (int32_t i = 0; i < arrival->reach.count && i < EXAMPLE_CLUSTERS; i++)
        text_printf(&reach, "%s%s", i > 0 ? ", " : "",
                    s->scenario->catalog.cluster[arrival->reach.cluster[i]].name);
    if (arrival->reach.count > EXAMPLE_CLUSTERS)
        text_printf(&reach, ", ... (%d)", arrival->reach.count);
    type->example_reach = reach.bytes;
}

static void add_task(struct surveyor *s, const struct arrival *arrival, int32_t task, uint64_t seed)
{
    const struct catalog *catalog = &s->scenario->catalog;
    const struct allocation *min =
        arrival->limits ? &arrival->limits[0] : &catalog->type[arrival->type].min;
    int32_t holders = 0;

    s->survey->type[arrival->type].tasks++;
    for (int32_t i = 0; i < arrival->reach.count; i++)
        holders += fit_of(s, arrival, arrival->reach.cluster[i]).holds;
    if (holders == 0)
        note_nowhere(s, arrival, task, seed);
    for (int32_t i = 0; i < arrival->reach.count && holders > 0; i++) {
        struct cluster_survey *at = &s->survey->cluster[arrival->reach.cluster[i]];
        struct fit fit = fit_of(s, arrival, arrival->reach.cluster[i]);

        if (!fit.holds)
            continue;
        at->tasks += 1.0 / holders;
        add_load(&at->load, min, &fit, arrival->work / holders, catalog->resources);
    }
}

/* n arrivals span n gaps: the time from the first to the last and one gap more. */
static double arrival_time(const struct arrivals *arrivals, const struct catalog *catalog)
{
    const struct arrival *first = arrivals->item, *last = first + arrivals->count - 1;
    double span_s = arrivals->count > 0 ? last->time_s - first->time_s : 0;

    if (span_s <= 0)
        return 0;
    if (catalog->slot_s > 0)
        return span_s + catalog->slot_s;
    return span_s * arrivals->count / (arrivals->count - 1);
}

static int draw_arrivals(struct surveyor *s, atomic_int *stop, struct err *err)
{
    struct survey *survey = s->survey;
    struct arrivals arrivals;
    int rc = 0;

    arrivals_init(&arrivals);
    for (int i = 1; rc == 0 && i <= survey->seeds; i++) {
        rc = arrivals_make(&arrivals, s->scenario, (uint64_t)i, err);
        if (rc == 0 && atomic_load(stop))
            rc = err_set(err, ERR_INTERRUPTED, "stopped");
        if (rc)
            break;
        survey->tasks += (double)arrivals.count / survey->seeds;
        survey->arrival_s += arrival_time(&arrivals, &s->scenario->catalog) / survey->seeds;
        for (int32_t t = 0; t < arrivals.count; t++)
            add_task(s, &arrivals.item[t], t, (uint64_t)i);
    }
    arrivals_release(&arrivals);
    return rc;
}

static void scale_load(struct load *load, const struct load *sum, const struct allocation *capacity,
                       double time_s, int resources)
{
    for (int r = 0; r < resources; r++) {
        double whole = capacity->amount[r] * (time_s > 0 ? time_s : 1);

        load->minimum[r] = whole > 0 ? sum->minimum[r] / whole : 0;
        load->thrifty[r] = whole > 0 ? sum->thrifty[r] / whole : 0;
    }
}

/* Sums over all seeds become loads. */
static void finish_loads(struct surveyor *s)
{
    const struct catalog *catalog = &s->scenario->catalog;
    struct survey *survey = s->survey;
    double time_s = survey->arrival_s * survey->seeds;
    struct load all = {.minimum = {0}};

    if (time_s == 0)
        time_s = survey->seeds;
    for (int c = 0; c < catalog->clusters; c++) {
        struct cluster_survey *at = &survey->cluster[c];
        struct load sum = at->load;

        for (int r = 0; r < catalog->resources; r++) {
            all.minimum[r] += sum.minimum[r];
            all.thrifty[r] += sum.thrifty[r];
        }
        scale_load(&at->load, &sum, &catalog->cluster[c].capacity, time_s, catalog->resources);
        at->tasks /= survey->seeds;
    }
    scale_load(&survey->load, &all, &catalog->total, time_s, catalog->resources);
}

/* Each type on the largest cluster that holds it, for the table of types. */
static void survey_types(struct surveyor *s)
{
    const struct catalog *catalog = &s->scenario->catalog;

    for (int t = 0; t < catalog->types; t++) {
        struct type_survey *type = &s->survey->type[t];
        struct arrival arrival = {.type = t, .work = 1};

        type->seconds_min = type->seconds_thrifty = type->seconds_best = HUGE_VAL;
        for (int32_t c = 0; c < catalog->clusters; c++) {
            struct fit fit;

            if (s->shape[c] != c)
                continue;
            fit = fit_of(s, &arrival, c);
            if (!fit.holds || fit.seconds_best >= type->seconds_best)
                continue;
            type->seconds_min = fit.seconds_min;
            type->seconds_thrifty = fit.seconds_thrifty;
            type->seconds_best = fit.seconds_best;
            type->thrifty = fit.thrifty;
            type->best = fit.best;
        }
    }
}

int survey_make(struct survey *survey, const struct scenario *scenario, int seeds, int jobs,
                atomic_int *stop, struct err *err)
{
    const struct catalog *catalog = &scenario->catalog;
    size_t clusters = (size_t)catalog->clusters, types = (size_t)catalog->types;
    struct surveyor s = {.survey = survey, .scenario = scenario};
    int rc;

    *survey = (struct survey){.seeds = seeds};
    survey->type = xcalloc(types, sizeof *survey->type);
    survey->cluster = xcalloc(clusters, sizeof *survey->cluster);
    s.shape = xcalloc(clusters, sizeof *s.shape);
    s.fit = xcalloc(clusters * types, sizeof *s.fit);
    for (size_t t = 0; t < types; t++)
        survey->type[t].example = -1;
    find_shapes(&s);
    rc = draw_arrivals(&s, stop, err);
    if (rc == 0) {
        finish_loads(&s);
        survey_types(&s);
        rc = trial_run(survey->trial, scenario, seeds, jobs, stop, err);
    }
    free(s.shape);
    free(s.fit);
    return rc;
}

void survey_release(struct survey *survey, const struct scenario *scenario)
{
    for (int t = 0; survey->type && t < scenario->catalog.types; t++)
        free(survey->type[t].example_reach);
    free(survey->type);
    free(survey->cluster);
    *survey = (struct survey){.seeds = 0};
}
