/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue in its order: what runs gives back what it holds when it is expected to end, and what
 * waits takes its minimum in order of priority and arrival, each where that is free first. Where
 * the policy resizes, running tasks count with their minimum, since it can take back the rest. That
 * is done three times, with all durations as believed and with such that are shorter and longer, as
 * far as durations of one type usually differ; a range that is often right is worth more than a
 * figure that is not. It knows nothing of what will arrive later, nor of a policy that lets others
 * pass: it is the answer where that policy was not run forward. Only the front of the queue is
 * looked at, at most once a second.
 */
#include "serve/forecast.h"

#include <math.h>
#include <string.h>

#include "base/emit.h"
#include "serve/job.h"
#include "serve/prospect.h"
#include "serve/site.h"

enum { QUEUE_MOST = 500, REACH_MOST = 64 };

const double forecast_factor[FORECAST_CASES] = {0.6, 1, 1.7};
static const double AGE_S = 1, AGE_OF_OTHERS_S = 0.1, LATE = 0.5;

/* What comes free on a cluster, and when. */
struct release {
    double at_s;
    struct allocation amount;
};

struct lane {
    struct allocation free;
    double at_s;                     /* nothing starts there before */
    VECTOR(struct release) releases; /* by time */
};

const char *forecast_by_word(enum forecast_by by)
{
    static const char *const word[] = {NULL, "policy", "queue"};

    return word[by];
}

void forecast_open(struct forecast *forecast, const struct live *live, struct prospect *prospect)
{
    *forecast = (struct forecast){.live = live, .prospect = prospect, .made_s = -HUGE_VAL};
}

void forecast_close(struct forecast *forecast)
{
    vector_release(&forecast->turns);
}

static void add_release(struct lane *lane, double at_s, const struct allocation *amount)
{
    size_t at = lane->releases.count;

    vector_push(&lane->releases, ((struct release){at_s, *amount}));
    for (; at > 0 && lane->releases.item[at - 1].at_s > at_s; at--)
        lane->releases.item[at] = lane->releases.item[at - 1];
    lane->releases.item[at] = (struct release){at_s, *amount};
}

/* One that says nothing of its progress and is late is like none that was seen: then what it has
 * run so far tells most of what is left. */
double forecast_left_s(const struct live *live, int32_t id)
{
    const struct task *task = &live->task[id];
    double expected = live_seconds(live, task->type, &task->allocation, 0);
    double ran = task_ran_s(task, live->view.now_s);

    if (live->of[id] && live->of[id]->progress < 0 && ran > expected)
        return LATE * ran;
    return live_seconds(live, task->type, &task->allocation, live->view.progress(live, id));
}

static bool is_elastic(const struct live *live)
{
    return live->policy.ops && live->policy.ops->traits & POLICY_ELASTIC;
}

static void fill_lane(struct lane *lane, const struct live *live, int c, double times)
{
    const struct live_cluster *at = &live->cluster[c];

    lane->free = live->site->cluster[c].capacity;
    for (size_t i = 0; i < at->running.count; i++) {
        const struct task *task = &live->task[at->running.item[i]];
        struct allocation held = task->allocation;

        if (is_elastic(live))
            held = allocation_least(&held, &task->min);
        allocation_subtract(&lane->free, &held);
        add_release(lane, forecast_left_s(live, at->running.item[i]) * times, &held);
    }
}

/* When so much is free at the earliest. */
static double first_fit(const struct lane *lane, const struct allocation *amount)
{
    struct allocation free = lane->free;
    double at_s = lane->at_s;

    for (size_t i = 0; !allocation_fits(amount, &free); i++) {
        if (i == lane->releases.count)
            return HUGE_VAL;
        allocation_add(&free, &lane->releases.item[i].amount);
        at_s = fmax(at_s, lane->releases.item[i].at_s);
    }
    return at_s;
}

static void take(struct lane *lane, double at_s, double until_s, const struct allocation *amount)
{
    size_t over = 0;

    while (!allocation_fits(amount, &lane->free))
        allocation_add(&lane->free, &lane->releases.item[over++].amount);
    for (size_t i = over; i < lane->releases.count; i++)
        lane->releases.item[i - over] = lane->releases.item[i];
    lane->releases.count -= over;
    lane->at_s = at_s;
    allocation_subtract(&lane->free, amount);
    add_release(lane, until_s, amount);
}

/* Puts a task where it starts first. */
static void start(const struct live *live, struct lane *lanes, struct forecast_turn *turn,
                  int which)
{
    const struct task *task = &live->task[turn->world];
    struct forecast_start *out = &turn->start;
    double best_s = HUGE_VAL, run_s;
    int32_t best = -1;

    for (int32_t i = 0; i < task->reach.count && i < REACH_MOST; i++) {
        int32_t c = task->reach.cluster[i];
        double at_s = live->cluster[c].draining ? HUGE_VAL : first_fit(&lanes[c], &task->min);

        if (at_s < best_s) {
            best_s = at_s;
            best = c;
        }
    }
    out->in_s[which] = best_s;
    if (which == FORECAST_LIKELY)
        out->cluster = best;
    if (best < 0)
        return;
    run_s = live_seconds(live, task->type, &task->min, 0) * forecast_factor[which];
    if (which == FORECAST_LIKELY) {
        out->amount = task->min;
        out->run_s = run_s;
    }
    take(&lanes[best], best_s, best_s + run_s, &task->min);
}

struct queued {
    int32_t world, priority;
};

static int by_turn(const void *a, const void *b)
{
    const struct queued *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return (x->world > y->world) - (x->world < y->world);
}

static int by_world(const void *a, const void *b)
{
    const struct forecast_turn *x = a, *y = b;

    return (x->world > y->world) - (x->world < y->world);
}

static void run_forward(struct forecast *forecast, int which)
{
    const struct live *live = forecast->live;
    struct lane *lanes = xcalloc((size_t)live->catalog.clusters, sizeof *lanes);

    for (int c = 0; c < live->catalog.clusters; c++)
        fill_lane(&lanes[c], live, c, forecast_factor[which]);
    for (size_t i = 0; i < forecast->turns.count; i++)
        start(live, lanes, &forecast->turns.item[i], which);
    for (int c = 0; c < live->catalog.clusters; c++)
        vector_release(&lanes[c].releases);
    free(lanes);
}

/* most_s: how old it may be. With fewer tasks the world was built anew: they have other numbers. */
static void refresh(struct forecast *forecast, double most_s)
{
    const struct live *live = forecast->live;
    VECTOR(struct queued) queue = {0};

    if (live_now(live) - forecast->made_s < most_s && live->tasks >= forecast->tasks)
        return;
    forecast->made_s = live_now(live);
    forecast->tasks = live->tasks;
    vector_clear(&forecast->turns);
    for (int32_t id = live->lists.first; id >= 0; id = live->task[id].next_waiting)
        vector_push(&queue, ((struct queued){id, live->of[id]->job->priority}));
    vector_sort(&queue, by_turn);
    for (size_t i = 0; i < queue.count && i < QUEUE_MOST; i++)
        vector_push(&forecast->turns, ((struct forecast_turn){.world = queue.item[i].world}));
    for (int which = 0; which < FORECAST_CASES; which++)
        run_forward(forecast, which);
    vector_sort(&forecast->turns, by_world);
    vector_release(&queue);
}

static const struct forecast_turn *find_turn(const struct forecast *forecast, int32_t world)
{
    struct forecast_turn wanted = {.world = world};

    return forecast->turns.count ? bsearch(&wanted, forecast->turns.item, forecast->turns.count,
                                           sizeof wanted, by_world)
                                 : NULL;
}

static bool start_in_turn(struct forecast *forecast, int32_t world, struct forecast_start *start)
{
    const struct forecast_turn *found;

    refresh(forecast, AGE_S);
    found = find_turn(forecast, world);
    if (!found && forecast->tasks != forecast->live->tasks) {
        refresh(forecast, AGE_OF_OTHERS_S);
        found = find_turn(forecast, world);
    }
    if (!found || !(found->start.in_s[FORECAST_CASES - 1] < 1e12))
        return false;
    *start = found->start;
    return true;
}

enum forecast_by forecast_start(struct forecast *forecast, const struct job_task *task,
                                struct forecast_start *start)
{
    if (task->world < 0 || task->state != JOB_PENDING)
        return FORECAST_BY_NOTHING;
    prospect_want(forecast->prospect);
    if (prospect_start(forecast->prospect, task, start))
        return FORECAST_BY_POLICY;
    return start_in_turn(forecast, task->world, start) ? FORECAST_BY_QUEUE : FORECAST_BY_NOTHING;
}

enum forecast_by forecast_begins_in(struct forecast *forecast, const struct job_task *task,
                                    double in_s[FORECAST_CASES])
{
    struct forecast_start start;
    enum forecast_by by = forecast_start(forecast, task, &start);

    if (by != FORECAST_BY_NOTHING)
        memcpy(in_s, start.in_s, sizeof start.in_s);
    return by;
}

bool forecast_ends_in(const struct live *live, const struct job_task *task,
                      double in_s[FORECAST_CASES])
{
    double left;

    if (task->world < 0 || task->state != JOB_RUNNING)
        return false;
    left = forecast_left_s(live, task->world);
    for (int i = 0; i < FORECAST_CASES; i++)
        in_s[i] = left * forecast_factor[i];
    return left < 1e12;
}

double forecast_room_in(const struct live *live, const struct allocation *least, int32_t cluster)
{
    struct lane lane = {0};
    double in_s;

    if (live->cluster[cluster].draining)
        return HUGE_VAL;
    fill_lane(&lane, live, cluster, 1);
    in_s = first_fit(&lane, least);
    vector_release(&lane.releases);
    return in_s;
}

void forecast_emit(struct emit *e, const char *key, bool known, const double in_s[FORECAST_CASES])
{
    emit_key(e, key);
    if (!known) {
        emit_null(e);
        return;
    }
    emit_open(e, '[');
    for (int i = 0; i < FORECAST_CASES; i++)
        emit_real(e, round(in_s[i] * 10) / 10);
    emit_close(e);
}
