/* SPDX-License-Identifier: Apache-2.0 */
#include "marl/practice.h"

#include <math.h>

#include "agent/experience.h"
#include "agent/team.h"
#include "base/err.h"
#include "base/memory.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "sim/arrivals.h"
#include "sim/world.h"

/* What an episode needs while it lasts. */
struct school {
    const struct practice *practice;
    struct practice_outcome *outcome;
    struct allocation *given; /* by task: with what it started */
    struct world *world;
    struct arrivals arrivals;
    struct estimator student_speeds, remembered, true_speeds;
    struct policy teacher;
    struct params teacher_params;
    struct plan plan, wanted, scratch;
    struct team team;
    struct rng rng;
    bool has_team, has_params;
};

/* What a task that just finished tells about its type, if nothing ever happened to it. */
static void note_run(struct school *s, const struct task *task, double end_s)
{
    struct practice_run run = {.type = task->type, .amount = s->given[task->id]};

    if (task->resizes + task->preemptions + task->migrations + task->failures > 0)
        return;
    run.seconds =
        end_s - task->first_start_s - outlook_transfer_s(&s->team.outlook, task, task->cluster);
    if (run.seconds > 0)
        vector_push(&s->outcome->runs, run);
}

static void watch(void *arg, const struct event *event)
{
    struct school *s = arg;
    const struct view *view = world_view(s->world);
    const struct task *task = event->task >= 0 ? &view->task[event->task] : NULL;

    if (s->student_speeds.ops->observe)
        s->student_speeds.ops->observe(s->student_speeds.state, event, task);
    if (task && event->kind == EVENT_START)
        s->given[task->id] = event->allocation;
    if (task && event->kind == EVENT_FINISH && s->practice->teacher)
        note_run(s, task, event->time_s);
}

static int open_teacher(struct school *s, struct err *err)
{
    const struct practice *p = s->practice;
    struct policy_setup setup = {
        .catalog = &p->scenario->catalog, .params = &s->teacher_params, .seed = p->seed};
    int rc;

    params_init(&s->teacher_params, p->teacher->options);
    s->has_params = true;
    rc = estimator_open(&s->true_speeds, p->scenario, p->seed, "true", err);
    setup.estimator = &s->true_speeds;
    if (rc == 0)
        rc = policy_open(&s->teacher, p->teacher, &setup, err);
    return rc;
}

static int open_school(struct school *s, struct err *err)
{
    const struct practice *p = s->practice;
    struct policy_setup setup = {
        .catalog = &p->scenario->catalog, .estimator = &s->student_speeds, .seed = p->seed};
    int rc;

    arrivals_init(&s->arrivals);
    s->world = world_new(p->scenario);
    plan_init(&s->plan, p->scenario->catalog.clusters);
    plan_init(&s->wanted, p->scenario->catalog.clusters);
    plan_init(&s->scratch, p->scenario->catalog.clusters);
    rng_stream(&s->rng, p->draw, "student");
    rc = arrivals_make(&s->arrivals, p->scenario, p->seed, err);
    if (rc == 0)
        rc = estimator_open(&s->student_speeds, p->scenario, p->seed, p->speeds, err);
    if (rc == 0 && p->teacher)
        rc = open_teacher(s, err);
    if (rc)
        return rc;
    if (p->most_tasks > 0 && s->arrivals.count > p->most_tasks)
        s->arrivals.count = p->most_tasks;
    if (p->experience && experience_suits(&s->student_speeds)) {
        experience_estimator_open(&s->remembered, p->experience, &p->scenario->catalog,
                                  &s->student_speeds);
        setup.estimator = &s->remembered;
    }
    team_init(&s->team, p->actor, &setup);
    s->has_team = true;
    if (p->kind == PRACTICE_TRIAL) {
        s->team.rng = &s->rng;
        s->team.book = p->book;
    }
    if (p->book)
        record_clear(p->book);
    s->given = xcalloc((size_t)s->arrivals.count + 1, sizeof *s->given);
    world_watch(s->world, watch, s);
    world_show(s->world, s->student_speeds.ops->info, &s->student_speeds);
    return world_reset(s->world, p->seed, &s->arrivals, err);
}

static void close_school(struct school *s)
{
    if (s->has_team)
        team_release(&s->team);
    if (s->teacher.ops)
        policy_close(&s->teacher);
    if (s->has_params)
        params_release(&s->teacher_params);
    estimator_close(&s->remembered);
    estimator_close(&s->student_speeds);
    estimator_close(&s->true_speeds);
    plan_release(&s->plan);
    plan_release(&s->wanted);
    plan_release(&s->scratch);
    world_free(s->world);
    free(s->given);
    arrivals_release(&s->arrivals);
}

/* The teacher sees what the student sees, and the true speeds. */
static void ask_teacher(struct school *s, const struct view *view)
{
    struct view shown = *view;

    shown.estimator = &s->true_speeds;
    shown.info = INFO_ORACLE;
    plan_reset(&s->wanted, &shown);
    s->teacher.ops->decide(s->teacher.state, &shown, &s->wanted);
    if (s->practice->kind == PRACTICE_SURVEY)
        return;
    plan_reset(&s->scratch, view);
    s->team.book = s->practice->book;
    team_learn(&s->team, view, &s->scratch, &s->wanted);
    s->team.book = NULL;
}

static const struct plan *decide(struct school *s, const struct view *view)
{
    const struct practice *p = s->practice;

    if (p->teacher) {
        ask_teacher(s, view);
        if (p->kind == PRACTICE_SURVEY || rng_unit(&s->rng) < p->teacher_share)
            return &s->wanted;
    }
    plan_reset(&s->plan, view);
    team_decide(&s->team, view, &s->plan);
    return &s->plan;
}

/* Costs to come, from the last moment back. */
static void add_up_costs(struct practice_outcome *outcome, double fade_s, double end_s,
                         double in_system_s)
{
    double cost_s = 0;

    for (size_t i = outcome->moments.count; i-- > 0;) {
        struct moment *moment = &outcome->moments.item[i];

        cost_s = in_system_s - moment->in_system_s + cost_s * exp(-(end_s - moment->at_s) / fade_s);
        moment->cost_s = cost_s;
        in_system_s = moment->in_system_s;
        end_s = moment->at_s;
    }
}

int practice_play(const struct practice *practice, struct practice_outcome *outcome,
                  struct err *err)
{
    struct school s = {.practice = practice, .outcome = outcome};
    const struct world_totals *totals;
    int rc;

    *outcome = (struct practice_outcome){0};
    rc = open_school(&s, err);
    if (rc)
        goto out;
    totals = world_totals(s.world);
    while (!world_is_over(s.world)) {
        const struct view *view = world_view(s.world);

        if (practice->kind == PRACTICE_TRIAL)
            vector_push(&outcome->moments,
                        ((struct moment){.at_s = view->now_s, .in_system_s = totals->in_system_s}));
        world_apply(s.world, decide(&s, view));
        outcome->decisions++;
    }
    outcome->tasks = world_task_count(s.world);
    if (outcome->tasks > 0)
        outcome->mean_completion =
            totals->in_system_s / (double)outcome->tasks / practice->scenario->catalog.time_unit_s;
    add_up_costs(outcome, practice->horizon * s.team.outlook.typical_s, totals->end_s,
                 totals->in_system_s);
out:
    close_school(&s);
    return rc;
}

void practice_release(struct practice_outcome *outcome)
{
    vector_release(&outcome->moments);
    vector_release(&outcome->runs);
}

double practice_cost_at(const struct practice_outcome *outcome, double at_s)
{
    size_t low = 0, high = outcome->moments.count;
    const struct moment *after, *before;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (outcome->moments.item[middle].at_s < at_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == outcome->moments.count)
        return 0;
    after = &outcome->moments.item[low];
    if (low == 0 || after->at_s <= at_s)
        return after->cost_s;
    before = after - 1;
    return before->cost_s +
           (after->cost_s - before->cost_s) * (at_s - before->at_s) / (after->at_s - before->at_s);
}
