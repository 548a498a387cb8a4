/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service is counted in GPUs times seconds. A task that holds no GPU, and every task where no
 * resource is called gpu, counts as wide as its dominant share of all there is, times the number of
 * all GPUs (or of all units of the first resource).
 *
 * Inside a queue those who run come first, in the order in which they began to; then those who
 * wait, in the order in which they came to stand there. Who is sent back stands in front of those
 * who waited, and who falls stands at the end of the next queue, also if it runs, until the next
 * sweep lets it run on. That is what Tiresias' simulator does by moving all pending jobs to the end
 * of their queues after each decision, without walking the queues. With order=entry places last as
 * long as a task is in its queue, so that one that waits may push out one that runs and entered
 * later.
 *
 * Nothing is done at every event for every task. Two heaps say who falls or is promoted next; a
 * fall matters only while somebody waits, so only then does the policy ask to be woken for it, and
 * else it is entered at the next decision, at its place in time.
 */
#include "policy/levels.h"

#include <math.h>
#include <string.h>

#include "base/err.h"

/* Places among those who wait are above all places among those who run. */
static const int64_t FIRST_STAND = (int64_t)1 << 40;

static int refuse_limits(const char *text, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "limits: expected auto, or up to %d ascending numbers above 0 with / between, "
                   "not \"%.60s\"",
                   MOST_LEVELS - 1, text);
}

static int read_limits(struct levels *levels, const char *text, struct err *err)
{
    const char *at = text;
    double last = 0;
    char *end;

    for (int i = 0; i < MOST_LEVELS; i++)
        levels->limit[i] = HUGE_VAL;
    levels->learns = strcmp(text, "auto") == 0;
    if (levels->learns)
        return 0;
    for (;; at = end + 1) {
        double limit = strtod(at, &end);

        if (end == at || (*end && *end != '/') || !(limit > last && limit < HUGE_VAL) ||
            levels->limits == MOST_LEVELS - 1)
            return refuse_limits(text, err);
        levels->limit[levels->limits++] = last = limit;
        if (!*end)
            return 0;
    }
}

int levels_init(struct levels *levels, const struct policy_setup *setup, sweep_key_fn key,
                struct err *err)
{
    struct sweep_rules rules = {.key = key,
                                .arg = levels,
                                .preempts = true,
                                .anew = params_flag(setup->params, "anew"),
                                .restarts = params_flag(setup->params, "restarts")};

    levels->catalog = setup->catalog;
    levels->gpu = catalog_find_resource(setup->catalog, "gpu");
    levels->by_entry = params_choice(setup->params, "order") == 1;
    levels->promote = params_real(setup->params, "promote");
    levels->round_s = params_real(setup->params, "round");
    levels->back = levels->front = FIRST_STAND;
    services_init(&levels->services);
    heap_init(&levels->falls);
    heap_init(&levels->promotions);
    sweep_init(&levels->sweep, setup, &rules);
    return read_limits(levels, params_string(setup->params, "limits"), err);
}

void levels_release(struct levels *levels)
{
    sweep_release(&levels->sweep);
    services_release(&levels->services);
    heap_release(&levels->falls);
    heap_release(&levels->promotions);
    vector_release(&levels->life);
    vector_release(&levels->fallen);
    vector_release(&levels->sent_back);
}

static double width_of(const struct levels *levels, const struct allocation *amount)
{
    const struct allocation *total = &levels->catalog->total;

    if (levels->gpu >= 0 && amount->amount[levels->gpu] > 0)
        return amount->amount[levels->gpu];
    return allocation_dominant_share(amount, total) *
           total->amount[levels->gpu >= 0 ? levels->gpu : 0];
}

/* Lives */

static struct life *life_of(struct levels *levels, int32_t task)
{
    static const struct life unborn;

    while (levels->life.count <= (size_t)task)
        vector_push(&levels->life, unborn);
    return &levels->life.item[task];
}

double levels_attained(const struct levels *levels, int32_t task, double now_s)
{
    const struct life *life = &levels->life.item[task];

    return life->attained + (life->running ? life->width * (now_s - life->since_s) : 0);
}

/* Counts the run up to now. */
static void settle(struct life *life, double now_s)
{
    double ran_s = life->running ? now_s - life->since_s : 0;

    life->attained += life->width * ran_s;
    life->total += life->width * ran_s;
    life->ran_s += ran_s;
    life->since_s = now_s;
}

static double fall_s(const struct levels *levels, const struct life *life, double width,
                     double now_s)
{
    double left = levels->limit[life->queue] - life->attained;

    return width > 0 ? now_s + fmax(0, left) / width : HUGE_VAL;
}

static double promotion_s(const struct levels *levels, const struct life *life)
{
    if (levels->promote <= 0 || life->queue == 0 || life->ran_s <= 0)
        return HUGE_VAL;
    return life->since_s + levels->promote * life->ran_s;
}

static void set_time(struct heap *heap, int32_t task, double at_s)
{
    if (at_s < HUGE_VAL)
        heap_set(heap, task, at_s);
    else
        heap_remove(heap, task);
}

static void begin_run(struct levels *levels, const struct event *event)
{
    struct life *life = life_of(levels, event->task);

    life->running = true;
    life->width = width_of(levels, &event->allocation);
    life->since_s = event->time_s;
    heap_remove(&levels->promotions, event->task);
    set_time(&levels->falls, event->task, fall_s(levels, life, life->width, event->time_s));
}

static void end_run(struct levels *levels, const struct event *event)
{
    struct life *life = life_of(levels, event->task);

    settle(life, event->time_s);
    life->running = false;
    heap_remove(&levels->falls, event->task);
    set_time(&levels->promotions, event->task, promotion_s(levels, life));
}

/* Limits */

static void learn_limits(struct levels *levels)
{
    static const double part[] = {0.5, 0.75};
    double last = 0;

    levels->limits = 0;
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        double limit = services_quantile(&levels->services, part[i]);

        if (limit > last)
            levels->limit[levels->limits++] = last = limit;
    }
    for (int i = levels->limits; i < MOST_LEVELS; i++)
        levels->limit[i] = HUGE_VAL;
    for (int32_t id = 0; (size_t)id < levels->life.count; id++) {
        struct life *life = &levels->life.item[id];

        life->queue = life->queue < levels->limits ? life->queue : levels->limits;
        if (!life->running)
            continue;
        settle(life, life->since_s);
        set_time(&levels->falls, id, fall_s(levels, life, life->width, life->since_s));
    }
}

void levels_observe(struct levels *levels, const struct event *event)
{
    switch (event->kind) {
    case EVENT_START:
        begin_run(levels, event);
        break;
    case EVENT_PREEMPT:
        end_run(levels, event);
        break;
    case EVENT_FAILURE:
        end_run(levels, event);
        life_of(levels, event->task)->stood = levels->back++;
        break;
    case EVENT_FINISH:
        end_run(levels, event);
        heap_remove(&levels->promotions, event->task);
        levels->updated |= services_add(&levels->services, life_of(levels, event->task)->total);
        break;
    default:
        break;
    }
}

/* Queues */

struct lane_key levels_key(void *arg, const struct view *view, int32_t task)
{
    const struct levels *levels = arg;
    const struct life *life = &levels->life.item[task];
    bool runs = view->task[task].state == TASK_RUNNING && !life->fell && !levels->by_entry;

    return (struct lane_key){life->queue, runs ? life->ran_order : life->stood};
}

static void enter_new(struct levels *levels, const struct view *view)
{
    for (int32_t i = 0; i < view->arrivals; i++) {
        struct life *life = life_of(levels, view->arrived[i]);

        if (life->stood == 0)
            life->stood = levels->back++;
    }
}

static void let_fall(struct levels *levels, const struct view *view)
{
    while (!heap_is_empty(&levels->falls) && heap_peek(&levels->falls).key <= view->now_s) {
        double at_s = heap_peek(&levels->falls).key;
        int32_t id = heap_pop(&levels->falls);
        struct life *life = &levels->life.item[id];

        settle(life, fmax(at_s, life->since_s));
        life->attained = fmax(life->attained, levels->limit[life->queue]);
        while (life->attained >= levels->limit[life->queue])
            life->queue++;
        life->stood = levels->back++;
        if (!life->fell)
            vector_push(&levels->fallen, id);
        life->fell = true;
        set_time(&levels->falls, id, fall_s(levels, life, life->width, life->since_s));
        sweep_mark(&levels->sweep, view->task[id].cluster);
    }
}

static void promote(struct levels *levels, const struct view *view)
{
    while (!heap_is_empty(&levels->promotions) &&
           heap_peek(&levels->promotions).key <= view->now_s) {
        int32_t id = heap_pop(&levels->promotions);
        struct life *life = &levels->life.item[id];

        life->queue = 0;
        life->attained = life->ran_s = 0;
        life->stood = levels->back++;
        sweep_enter(&levels->sweep, view, id);
    }
}

static void update(struct levels *levels, const struct view *view)
{
    if (levels->updated && levels->learns)
        learn_limits(levels);
    let_fall(levels, view);
    if (levels->updated)
        for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
            sweep_enter(&levels->sweep, view, id);
    levels->updated = false;
    promote(levels, view);
}

/* Gives those whom the plan starts or sends back their new places. */
static void follow_plan(struct levels *levels, const struct view *view, struct plan *plan)
{
    for (int32_t i = 0; i < plan->actions; i++) {
        const struct action *action = &plan->action[i];
        struct life *life = &levels->life.item[action->task];

        if (action->kind == ACTION_START) {
            life->ran_order = ++levels->runs;
            plan_wake(plan,
                      fall_s(levels, life, width_of(levels, &action->allocation), view->now_s));
        } else if (action->kind == ACTION_PREEMPT && !life->fell) {
            vector_push(&levels->sent_back, action->task);
        }
    }
    while (levels->sent_back.count > 0) {
        int32_t id = vector_pop(&levels->sent_back);

        if (!levels->by_entry)
            levels->life.item[id].stood = --levels->front;
    }
    for (size_t i = 0; i < levels->fallen.count; i++) {
        struct life *life = &levels->life.item[levels->fallen.item[i]];

        life->ran_order = ++levels->runs;
        life->fell = false;
    }
    vector_clear(&levels->fallen);
}

static void ask_again(struct levels *levels, const struct view *view, struct plan *plan)
{
    if (view->waiting == 0 || levels->round_s > 0)
        return;
    if (!heap_is_empty(&levels->falls))
        plan_wake(plan, heap_peek(&levels->falls).key);
    if (!heap_is_empty(&levels->promotions))
        plan_wake(plan, heap_peek(&levels->promotions).key);
}

void levels_decide(struct levels *levels, const struct view *view, struct plan *plan)
{
    bool due = rounds_due(levels->round_s, view, plan);

    enter_new(levels, view);
    if (due)
        update(levels, view);
    sweep_note(&levels->sweep, view);
    if (!due)
        return;
    sweep_decide(&levels->sweep, view, plan);
    follow_plan(levels, view, plan);
    ask_again(levels, view, plan);
}
