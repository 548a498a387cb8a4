/* SPDX-License-Identifier: Apache-2.0 */
#include "bound/bounds.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "bound/demand.h"
#include "bound/menu.h"
#include "bound/pooled.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

const struct bound_info bound_info[BOUNDS] = {
#define X(id, name, heading, help) {name, heading, help},
    BOUND_LIST(X)
#undef X
};

struct place {
    struct menus *menus;
    struct arrivals arrivals;
};

struct run {
    const struct scenario *scenario;
    const uint64_t *seed;
    const struct bound_rules *rules;
    struct bound *bound;
    struct place *place; /* by worker */
    struct err *err;     /* by seed */
    atomic_int failed;
};

static double alone_total_s(const struct arrivals *arrivals, const struct demand *demand)
{
    double total_s = 0;

    for (int32_t i = 0; i < arrivals->count; i++)
        total_s += demand[i].ready_s - arrivals->item[i].time_s + demand[i].least_s;
    return total_s;
}

static void make_bound(struct menus *menus, const struct scenario *scenario,
                       const struct arrivals *arrivals, uint64_t seed,
                       const struct bound_rules *rules, struct bound *bound)
{
    double units = (double)arrivals->count * scenario->catalog.time_unit_s;
    struct demand *demand = xcalloc((size_t)arrivals->count, sizeof *demand);

    *bound = (struct bound){.tasks = arrivals->count, .best = (double)NAN};
    for (int k = 0; k < BOUNDS; k++)
        bound->mean[k] = (double)NAN;
    for (int32_t i = 0; i < arrivals->count; i++)
        demand_make(&demand[i], menus, scenario, &arrivals->item[i], i, seed, rules->starts);
    bound->mean[BOUND_ALONE] = alone_total_s(arrivals, demand) / units;
    if (rules->strongest >= BOUND_POOLED && isfinite(bound->mean[BOUND_ALONE]))
        bound->mean[BOUND_POOLED] = pooled_total_s(scenario, arrivals, demand) / units;
    for (int k = 0; k < BOUNDS; k++)
        bound->best = fmax(bound->best, bound->mean[k]);
    free(demand);
}

static void run_seed(void *arg, int index, int worker)
{
    struct run *run = arg;
    struct place *place = &run->place[worker];

    if (!place->menus) {
        place->menus = menus_new(run->scenario);
        arrivals_init(&place->arrivals);
    }
    if (arrivals_make(&place->arrivals, run->scenario, run->seed[index], &run->err[index]))
        atomic_store(&run->failed, 1);
    else
        make_bound(place->menus, run->scenario, &place->arrivals, run->seed[index], run->rules,
                   &run->bound[index]);
}

static bool go_on(void *arg, int done, int count)
{
    struct run *run = arg;

    (void)done;
    (void)count;
    return !atomic_load(&run->failed) && !(run->rules->stop && atomic_load(run->rules->stop));
}

int bounds_run(const struct scenario *scenario, const uint64_t *seed, int seeds,
               const struct bound_rules *rules, struct bound *bound, struct err *err)
{
    int jobs = rules->jobs < seeds ? rules->jobs : seeds;
    struct run run = {
        .scenario = scenario,
        .seed = seed,
        .rules = rules,
        .bound = bound,
        .place = xcalloc((size_t)(jobs > 0 ? jobs : 1), sizeof *run.place),
        .err = xcalloc((size_t)seeds, sizeof *run.err),
    };
    struct parallel work = {
        .jobs = jobs, .count = seeds, .run = run_seed, .arg = &run, .watch = go_on};
    int ran = parallel_run(&work), rc = 0;

    for (int i = 0; rc == 0 && i < seeds; i++)
        if (run.err[i].code) {
            *err = run.err[i];
            rc = run.err[i].code;
        }
    for (int i = 0; i < jobs; i++)
        if (run.place[i].menus) {
            menus_free(run.place[i].menus);
            arrivals_release(&run.place[i].arrivals);
        }
    free(run.place);
    free(run.err);
    if (rc == 0 && ran < seeds)
        rc = err_set(err, ERR_INTERRUPTED, "stopped");
    return rc;
}

void bounds_of(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
               const struct bound_rules *rules, struct bound *bound)
{
    struct menus *menus = menus_new(scenario);

    make_bound(menus, scenario, arrivals, seed, rules, bound);
    menus_free(menus);
}
