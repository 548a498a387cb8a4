/* SPDX-License-Identifier: Apache-2.0 */
#include "report/trial.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "sim/comparison.h"

static const char *const trial_policy[SURVEY_TRIALS] = {"fifo-min", "knee"};

/* One episode, watched. */
struct watcher_place {
    const struct world *world;
    int32_t waiting;
    double since_s; /* when the number of waiting tasks changed last */
    double busy_s;  /* time with waiting tasks until then */
    double share;   /* of the episode, when it is over */
    double waited;  /* share of the tasks that waited */
    double mean_wait;
};

static void count_waiting(void *arg, const struct event *event)
{
    struct watcher_place *at = arg;
    int change = 0;

    if (event->kind == EVENT_ARRIVAL || event->kind == EVENT_PREEMPT ||
        event->kind == EVENT_FAILURE)
        change = 1;
    else if (event->kind == EVENT_START)
        change = -1;
    else
        return;
    if (at->waiting > 0)
        at->busy_s += event->time_s - at->since_s;
    at->since_s = event->time_s;
    at->waiting += change;
}

static int begin(void *arg, const struct piece *piece, struct err *err)
{
    struct watcher_place *at = (struct watcher_place *)arg + piece->index;

    (void)err;
    at->world = piece->episode->world;
    world_watch(piece->episode->world, count_waiting, at);
    return 0;
}

static void sum_tasks(struct watcher_place *at, double unit_s)
{
    const struct view *view = world_view(at->world);
    double end_s = world_totals(at->world)->end_s;

    for (int32_t i = 0; i < view->tasks; i++) {
        const struct task *task = &view->task[i];
        double until_s = task->finish_s >= 0 ? task->finish_s : end_s;
        double wait_s = until_s - task->arrival_s - task_ran_s(task, end_s);

        at->waited += wait_s > 1e-9 * unit_s;
        at->mean_wait += wait_s / unit_s;
    }
    at->waited /= view->tasks > 0 ? view->tasks : 1;
    at->mean_wait /= view->tasks > 0 ? view->tasks : 1;
}

static int end(void *arg, const struct piece *piece, const struct metrics *metrics, struct err *err)
{
    struct watcher_place *at = (struct watcher_place *)arg + piece->index;
    double end_s = world_totals(at->world)->end_s;

    (void)err;
    world_unwatch(piece->episode->world, at);
    if (!metrics)
        return 0;
    if (at->waiting > 0)
        at->busy_s += end_s - at->since_s;
    at->share = end_s > 0 ? at->busy_s / end_s : 0;
    sum_tasks(at, world_view(at->world)->catalog->time_unit_s);
    return 0;
}

static void sum_trials(struct trial *trial, const struct watcher_place *place, int seeds)
{
    for (int i = 0; i < SURVEY_TRIALS; i++) {
        trial[i] = (struct trial){.policy = trial_policy[i]};
        for (int s = 0; s < seeds; s++) {
            const struct watcher_place *at = &place[s * SURVEY_TRIALS + i];

            trial[i].busy_share += at->share / seeds;
            trial[i].waited_share += at->waited / seeds;
            trial[i].mean_wait += at->mean_wait / seeds;
        }
    }
}

int trial_run(struct trial *trial, const struct scenario *scenario, int seeds, int jobs,
              atomic_int *stop, struct err *err)
{
    size_t pieces = (size_t)seeds * SURVEY_TRIALS;
    struct watcher_place *place = xcalloc(pieces, sizeof *place);
    struct outcome *outcome = xcalloc(pieces, sizeof *outcome);
    struct contender contender[SURVEY_TRIALS];
    struct policy_spec spec[SURVEY_TRIALS];
    uint64_t *seed = xcalloc((size_t)seeds, sizeof *seed);
    struct comparison comparison = {
        .scenario = scenario,
        .contender = contender,
        .contenders = SURVEY_TRIALS,
        .seed = seed,
        .seeds = seeds,
        .jobs = jobs,
        .stop = stop,
        .observer = {{.arg = place, .begin = begin, .end = end}},
        .observers = 1,
    };
    int rc;

    for (int s = 0; s < seeds; s++)
        seed[s] = (uint64_t)s + 1;
    for (int i = 0; i < SURVEY_TRIALS; i++) {
        BUG_ON(policy_spec_parse(&spec[i], trial_policy[i], NULL));
        contender[i] = (struct contender){spec[i].ops, &spec[i].params, spec[i].model};
    }
    rc = comparison_run(&comparison, outcome, err);
    if (rc == 0)
        sum_trials(trial, place, seeds);
    for (int i = 0; i < SURVEY_TRIALS; i++)
        policy_spec_release(&spec[i]);
    free(place);
    free(outcome);
    free(seed);
    return rc;
}
