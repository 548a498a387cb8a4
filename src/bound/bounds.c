/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the bounds hold for the world as it is simulated, for one seed at a time:
 *
 *   noise       the draws of the seed itself are used, slot by slot, since they do not depend on
 * the policy; noise per start is the best of as many starts as the rules say (pace.c) slots       a
 * task is ready at the first slot that begins no earlier than it arrives, and ends at the end of
 * the slot in which its progress reaches 1; progress is added up with the world's own
 * floating-point operations, or rounded in the task's favour switching, start-up, data, crowding,
 * failures, lost progress, outages, nodes, windows each only takes speed, progress or capacity
 * away. Start-up is reckoned with once. Data is not: a task that is started and sent back finds its
 * data moved already elasticity  a task may get another allocation, cluster or nothing in every
 * slot, at any moment in continuous time; no bound here supposes that it keeps what it was given
 *   minimum     below its own minimum a task stands still; policies that may hold it there gain
 *               only that its noise goes by, and that is allowed for (demand.c, network.c)
 *   sharing     what one task holds nobody else has, unless types tell their stages: n tasks on one
 *               allocation go at most at their full speeds, so each takes no less than an n-th of
 * the least area it would need alone (pooled.c); the programs know nothing of company
 *
 * alone is the sum over tasks of the least time each needs (demand.c); pooled adds that together
 * they must pass through the capacity (pooled.c); lp and exact follow every course of every task
 * through slotted time (network.c, program.c). A scenario in continuous time has the first two.
 *
 * All are totals over the tasks that arrive, so they bound the mean of an outcome that finished all
 * of them.
 */
#include "bound/bounds.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "bound/demand.h"
#include "bound/guess.h"
#include "bound/menu.h"
#include "bound/network.h"
#include "bound/pooled.h"
#include "bound/program.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

const struct bound_info bound_info[BOUNDS] = {
#define X(id, name, heading, help) {name, heading, help},
    BOUND_LIST(X)
#undef X
};

/* Beyond these no program is even begun. */
enum { MOST_TASKS = 200, MOST_SLOTS = 2000 };

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

/* Programs with fewer and fewer levels of progress, until one is small enough.
 */
static bool build_relaxed(struct network *network, const struct scenario *scenario,
                          const struct arrivals *arrivals, uint64_t seed, int starts,
                          const int32_t *last, int64_t most_columns)
{
    for (int levels = 64; levels >= 8; levels /= 2)
        if (network_build(network, scenario, arrivals, seed, starts, last, levels, most_columns))
            return true;
    return false;
}

static void solve_program(const struct scenario *scenario, const struct arrivals *arrivals,
                          uint64_t seed, const struct bound_rules *rules,
                          const struct demand *demand, struct bound *bound,
                          struct program_result *result)
{
    int64_t columns = rules->columns > 0 ? rules->columns : BOUND_COLUMNS;
    int64_t nodes = rules->nodes > 0 ? rules->nodes : BOUND_NODES, known;
    int32_t *least = xcalloc((size_t)arrivals->count, sizeof *least);
    int32_t *last = xcalloc((size_t)arrivals->count, sizeof *last);
    struct network network;

    for (int32_t i = 0; i < arrivals->count; i++)
        least[i] = (int32_t)llround(demand[i].least_s / scenario->catalog.slot_s);
    known = guess_total(scenario, arrivals, seed, least, last);
    bound->obstacle = network_obstacle(scenario, arrivals);
    if (!bound->obstacle &&
        network_build(&network, scenario, arrivals, seed, rules->starts, last, 0, columns)) {
        if (rules->strongest == BOUND_EXACT)
            program_solve(&network, known, nodes, result, NULL);
        else
            program_relax(&network, result);
        network_release(&network);
    } else if (build_relaxed(&network, scenario, arrivals, seed, rules->starts, last, columns)) {
        bound->obstacle = bound->obstacle ? bound->obstacle : "too large to be exact";
        program_relax(&network, result);
        network_release(&network);
    } else {
        bound->obstacle = "too large";
    }
    free(least);
    free(last);
}

static bool is_small(const struct arrivals *arrivals, const struct demand *demand, double slot_s)
{
    double slots = 0;

    for (int32_t i = 0; i < arrivals->count; i++)
        slots += demand[i].least_s / slot_s;
    return arrivals->count > 0 && arrivals->count <= MOST_TASKS && slots <= MOST_SLOTS;
}

static void bound_by_program(const struct scenario *scenario, const struct arrivals *arrivals,
                             uint64_t seed, const struct bound_rules *rules,
                             const struct demand *demand, struct bound *bound)
{
    double slot_s = scenario->catalog.slot_s, late_s = 0;
    double units = (double)arrivals->count * scenario->catalog.time_unit_s;
    struct program_result result = {.relaxed = (double)NAN, .schedule = HUGE_VAL};

    if (slot_s == 0)
        bound->obstacle = "time is continuous";
    else if (catalog_most_company(&scenario->catalog) > 1)
        bound->obstacle = "tasks may share an allocation";
    else if (!is_small(arrivals, demand, slot_s))
        bound->obstacle = "too large";
    else
        solve_program(scenario, arrivals, seed, rules, demand, bound, &result);
    for (int32_t i = 0; i < arrivals->count; i++)
        late_s += demand[i].ready_s - arrivals->item[i].time_s;
    bound->columns = result.columns;
    bound->nodes = result.nodes;
    bound->mean[BOUND_LP] = (result.relaxed * slot_s + late_s) / units;
    if (rules->strongest < BOUND_EXACT || bound->obstacle)
        return;
    bound->mean[BOUND_EXACT] = (result.bound * slot_s + late_s) / units;
    bound->is_optimal = result.is_optimal;
    bound->schedule = (result.schedule * slot_s + late_s) / units;
}

static void make_bound(struct menus *menus, const struct scenario *scenario,
                       const struct arrivals *arrivals, uint64_t seed,
                       const struct bound_rules *rules, struct bound *bound)
{
    double units = (double)arrivals->count * scenario->catalog.time_unit_s;
    struct demand *demand = xcalloc((size_t)arrivals->count, sizeof *demand);

    *bound = (struct bound){.tasks = arrivals->count, .best = (double)NAN, .schedule = (double)NAN};
    for (int k = 0; k < BOUNDS; k++)
        bound->mean[k] = (double)NAN;
    for (int32_t i = 0; i < arrivals->count; i++)
        demand_make(&demand[i], menus, scenario, &arrivals->item[i], i, seed, rules->starts);
    bound->mean[BOUND_ALONE] = alone_total_s(arrivals, demand) / units;
    if (rules->strongest >= BOUND_POOLED && isfinite(bound->mean[BOUND_ALONE]))
        bound->mean[BOUND_POOLED] = pooled_total_s(scenario, arrivals, demand) / units;
    if (rules->strongest >= BOUND_LP && isfinite(bound->mean[BOUND_ALONE]))
        bound_by_program(scenario, arrivals, seed, rules, demand, bound);
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
    bool by_program = rules->strongest >= BOUND_LP;
    int wanted = by_program && !program_is_reentrant() ? 1 : rules->jobs;
    int jobs = wanted < seeds ? wanted : seeds;
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
