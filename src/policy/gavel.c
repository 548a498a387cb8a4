/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gavel: time-shared requests. An objective over all tasks says which part of its time each shall
 * run on which cluster (shares.c); rounds make it so: in every round the tasks run that are
 * furthest behind their parts, by part / (part received since the parts were last worked out), as
 * many as fit, each on one cluster.
 *
 *     max-min      the least part, weighted by the dominant share of the request, is as large as
 *                  can be, then the next one: nothing is left idle that someone could use
 *     sum          most progress per second in all
 *     makespan     the longest remaining time over part is as short as can be
 *     finish-time  the largest ratio of (time so far + what is left) to what it would be with an
 *                  equal part of everything is as small as can be
 *     min-jct      the least sum of remaining times over parts: parts go with the square root of
 *                  what is left
 *
 * Good: one mechanism, and the operator chooses what is meant by fair; finish-time lets nobody
 * suffer. Bad for mean completion time: time-sharing finishes everybody late, min-jct too, because
 * it looks for one division that holds for ever; capacity idles inside rounds; every turn is a
 * preemption, so switching costs hurt. Amounts are the request's.
 *
 * Class: that of its model; max-min and sum need no remaining time, the others use it (with true
 * speeds I3, a task's own work included).
 *
 * Errors of known implementations that are not made here: a linear program with many optima, so
 * that schedules depend on the solver; a max-min that stops at the first bottleneck and leaves the
 * rest idle; worker types shuffled by the name of the policy.
 *
 * Source: Narayanan et al., "Gavel", OSDI'20, sections 4 and 5; stanford-futuredata/gavel c4fa400,
 * read for facts (there: rounds of 360 s, parts worked out at most every 1,920 s); min-jct as in
 * siasosp23/artifacts aaf7a0d, policies/min_jct.py.
 */
#include <math.h>
#include <stdlib.h>

#include "core/policy.h"
#include "policy/registry.h"
#include "policy/remaining.h"
#include "policy/request.h"
#include "policy/rounds.h"
#include "policy/shares.h"
#include "policy/target.h"

enum objective { MAX_MIN, SUM, MAKESPAN, FINISH_TIME, MIN_JCT };

/* What is kept of a task from one round to the next. */
struct account {
    double ran_s;    /* at the last round */
    double behind_s; /* parts promised less time received, up to the last working out */
    double left_s;   /* remaining time, and the time it has been here, both as of then */
    double age_s;
};

/* A part in the order of a round. */
struct turn {
    double urgency, behind_s, part;
    int32_t task, cluster;
};

struct gavel {
    struct requests requests;
    struct shares shares;
    struct targets targets;
    struct id_set started; /* clusters that have their one start of this slot */
    enum objective objective;
    double round_s, last_s, since_s; /* of the last round, and of the parts */
    int64_t hold, rounds;            /* rounds between two workings out; since the last one */
    bool news;
    VECTOR(struct account) account; /* by task */
    VECTOR(struct turn) turns;      /* heap: the most urgent on top */
    struct allocation *free;        /* by cluster */
    struct allocation least; /* none of those who have a part asks for less of any resource */
    int32_t roomy;           /* clusters where so little would fit */
};

static const struct option_spec options[] = {
    {"objective", OPTION_CHOICE, "max-min", .choices = "max-min|sum|makespan|finish-time|min-jct",
     .help = "what the parts shall make best"},
    {"hold", OPTION_INT, "1", .low = 1, .high = 1000000,
     .help = "parts hold for at least so many rounds, whoever comes or goes"},
    REQUEST_OPTION,
    ROUND_LENGTH_OPTION,
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct gavel *s = state;

    (void)err;
    requests_init(&s->requests, setup);
    shares_init(&s->shares);
    s->objective = (enum objective)params_choice(setup->params, "objective");
    s->targets.rigid = true;
    s->hold = s->rounds = params_int(setup->params, "hold");
    s->round_s = rounds_length(setup, 10);
    s->free = xcalloc((size_t)setup->catalog->clusters, sizeof *s->free);
    return 0;
}

static void release(void *state)
{
    struct gavel *s = state;

    requests_release(&s->requests);
    shares_release(&s->shares);
    targets_release(&s->targets);
    id_set_release(&s->started);
    vector_release(&s->account);
    vector_release(&s->turns);
    free(s->free);
}

/* Working out the parts */

/* Without an objective of its own, time in equal parts of the whole. */
static double equal_part(const struct view *view, double share)
{
    double tasks = view->waiting + view->running;

    return fmin(1, 1 / (tasks * share));
}

/* Values are taken in the middle of the step that is asked for. */
static double need_of(const void *arg, const struct view *view, const struct share_task *task)
{
    const struct gavel *s = arg;
    const struct account *account = &s->account.item[task->task];
    double share = fmax(allocation_dominant_share(&task->request, &view->catalog->total), 1e-9);
    double part = task->part + 0.5 / SHARE_STEPS, left_s = fmin(account->left_s, 1e15);

    switch (s->objective) {
    case MAX_MIN:
        break;
    case SUM:
        return -estimator_speed(view->estimator, view->task[task->task].type, &task->request, 0) /
               share;
    case MAKESPAN:
        return -left_s / part;
    case FINISH_TIME:
        return -(account->age_s + left_s / part) /
               fmax(account->age_s + left_s / equal_part(view, share), 1e-9);
    case MIN_JCT:
        return -left_s / (part * part) / share;
    }
    return part * share;
}

static void add_task(struct gavel *s, const struct view *view, int32_t id)
{
    const struct allocation *request = request_of(&s->requests, view, id);
    struct account *account = &s->account.item[id];

    shares_add_task(&s->shares, id, request);
    account->age_s = view->now_s - view->task[id].arrival_s;
    account->left_s =
        s->objective >= MAKESPAN
            ? remaining_s(view, id, &s->shares.tasks.item[s->shares.tasks.count - 1].request)
            : 0;
}

/* Behind a window nobody has a part. */
static bool is_shown(const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    for (int32_t i = 0; i < reach->count; i++)
        if (view_may_start(view, id, reach->cluster[i]))
            return true;
    return false;
}

/* What was promised and not received counts as arrears. */
static void close_accounts(struct gavel *s, const struct view *view)
{
    for (size_t i = 0; i < s->shares.item.count; i++) {
        const struct share *share = &s->shares.item.item[i];

        s->account.item[share->task].behind_s +=
            share->part * (view->now_s - s->since_s) - share->received_s;
    }
}

static void work_out(struct gavel *s, const struct view *view)
{
    close_accounts(s, view);
    shares_clear(&s->shares);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            add_task(s, view, view->cluster[c].running[i]);
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        if (is_shown(view, id))
            add_task(s, view, id);
    s->least = shares_least(&s->shares);
    shares_fill(&s->shares, view, need_of, s);
    s->since_s = view->now_s;
    s->rounds = 0;
    s->news = false;
}

/* Rounds */

static void reserve(struct gavel *s, const struct view *view)
{
    static const struct account fresh;

    while (s->account.count < (size_t)view->tasks)
        vector_push(&s->account, fresh);
}

/* Time that tasks ran since the last round, on the cluster where they did. */
static void count_received(struct gavel *s, const struct view *view)
{
    for (size_t i = 0; i < s->shares.item.count; i++) {
        struct share *share = &s->shares.item.item[i];
        const struct task *task = &view->task[share->task];

        if (task->cluster == share->cluster)
            share->received_s += task_ran_s(task, view->now_s) - s->account.item[share->task].ran_s;
    }
    for (size_t i = 0; i < s->shares.tasks.count; i++) {
        int32_t id = s->shares.tasks.item[i].task;

        s->account.item[id].ran_s = task_ran_s(&view->task[id], view->now_s);
    }
}

static bool comes_before(const struct turn *a, const struct turn *b)
{
    if (a->urgency != b->urgency)
        return a->urgency > b->urgency;
    if (a->behind_s != b->behind_s)
        return a->behind_s > b->behind_s;
    if (a->part != b->part)
        return a->part > b->part;
    return a->task != b->task ? a->task < b->task : a->cluster < b->cluster;
}

static void sift_down(struct gavel *s, size_t at)
{
    struct turn *turn = s->turns.item, moved = turn[at];

    for (;;) {
        size_t child = 2 * at + 1;

        child += child + 1 < s->turns.count && comes_before(&turn[child + 1], &turn[child]);
        if (child >= s->turns.count || !comes_before(&turn[child], &moved))
            break;
        turn[at] = turn[child];
        at = child;
    }
    turn[at] = moved;
}

static struct turn take_first(struct gavel *s)
{
    struct turn first = s->turns.item[0], last = vector_pop(&s->turns);

    if (s->turns.count > 0) {
        s->turns.item[0] = last;
        sift_down(s, 0);
    }
    return first;
}

/* Tasks whose progress would not survive keep their place until they are done. */
static bool must_stay(const struct view *view, const struct task *task)
{
    return task->state == TASK_RUNNING && !view->catalog->type[task->type].preempt_keeps;
}

static void line_up(struct gavel *s, const struct view *view)
{
    double passed_s = view->now_s - s->since_s;

    vector_clear(&s->turns);
    for (size_t i = 0; i < s->shares.item.count; i++) {
        const struct share *share = &s->shares.item.item[i];
        const struct task *task = &view->task[share->task];
        bool waits = task->state == TASK_WAITING, here = task->cluster == share->cluster;
        struct turn turn = {share->part * 1e9, s->account.item[task->id].behind_s, share->part,
                            task->id, share->cluster};

        if (share->received_s > 0 && passed_s > 0)
            turn.urgency = share->part / (share->received_s / passed_s);
        if (must_stay(view, task) || (waits && !view_may_start(view, task->id, share->cluster)) ||
            (!waits && task->state != TASK_RUNNING))
            continue;
        if (!waits && here)
            turn.urgency *= 1 + 1e-9;
        vector_push(&s->turns, turn);
    }
    for (size_t at = s->turns.count / 2; at-- > 0;)
        sift_down(s, at);
}

static bool has_turn(struct gavel *s, int32_t task)
{
    return id_set_has(&s->targets.settled, task);
}

/* Where only one task may start per slot, a second newcomer must not push anybody out. */
static bool takes_start(struct gavel *s, const struct view *view, int32_t task, int32_t cluster)
{
    if (view->task[task].state == TASK_RUNNING || view->catalog->slot_s == 0 ||
        view->catalog->rounds == ROUNDS_MANY)
        return true;
    if (id_set_has(&s->started, cluster))
        return false;
    id_set_add(&s->started, cluster);
    return true;
}

static bool is_roomy(const struct gavel *s, int32_t cluster)
{
    return allocation_fits(&s->least, &s->free[cluster]);
}

static void give_turn(struct gavel *s, int32_t task, int32_t cluster,
                      const struct allocation *amount)
{
    s->roomy -= is_roomy(s, cluster);
    allocation_subtract(&s->free[cluster], amount);
    s->roomy += is_roomy(s, cluster);
    targets_add(&s->targets, task, cluster, amount);
    id_set_add(&s->targets.settled, task);
}

static void open_clusters(struct gavel *s, const struct view *view)
{
    static const struct allocation nothing;

    s->roomy = 0;
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        s->free[c] = view->cluster[c].up ? view->catalog->cluster[c].capacity : nothing;
        s->roomy += is_roomy(s, c);
        for (int32_t i = 0; i < view->cluster[c].runnings; i++) {
            const struct task *task = &view->task[view->cluster[c].running[i]];

            if (must_stay(view, task))
                give_turn(s, task->id, c, &task->allocation);
        }
    }
}

static void offer(struct gavel *s, const struct view *view, int32_t task, int32_t cluster)
{
    const struct allocation *request = request_of(&s->requests, view, task);

    if (!has_turn(s, task) && allocation_fits(request, &s->free[cluster]) &&
        takes_start(s, view, task, cluster))
        give_turn(s, task, cluster, request);
}

/* What no part claims goes to whoever fits, in order of arrival: also to those who came or were
 * shown since parts were worked out. */
static void fill_up(struct gavel *s, const struct view *view)
{
    for (size_t i = 0; i < s->shares.tasks.count; i++) {
        const struct task *task = &view->task[s->shares.tasks.item[i].task];

        if (task->state == TASK_RUNNING && !must_stay(view, task))
            offer(s, view, task->id, task->cluster);
    }
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        for (int32_t i = 0; i < view->task[id].reach.count; i++)
            if (view_may_start(view, id, view->task[id].reach.cluster[i]))
                offer(s, view, id, view->task[id].reach.cluster[i]);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct gavel *s = state;

    s->news |= view->arrivals > 0 || view->toucheds > 0;
    if (!rounds_due(s->round_s, view, plan) || view->round > 0)
        return;
    reserve(s, view);
    count_received(s, view);
    if (s->news && ++s->rounds >= s->hold)
        work_out(s, view);
    targets_clear(&s->targets);
    id_set_clear(&s->started);
    open_clusters(s, view);
    line_up(s, view);
    while (s->turns.count > 0 && s->roomy > 0) {
        struct turn turn = take_first(s);

        offer(s, view, turn.task, turn.cluster);
    }
    if (s->roomy > 0 || s->hold > 1 || view->catalog->window > 0)
        fill_up(s, view);
    id_set_clear(&s->targets.settled);
    targets_plan(&s->targets, view, plan);
}

const struct policy_ops policy_gavel = {
    .name = "gavel",
    .summary = "time-shared requests, by parts that an objective over all tasks sets",
    .source = "Narayanan et al., OSDI'20",
    .info = INFO_MODEL,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct gavel),
    .init = init,
    .decide = decide,
    .release = release,
};
