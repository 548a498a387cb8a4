/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Continuous time, from event to event. A running task goes through segments in which its speed
 * depends on its progress alone: standing still while data moves or it starts up, slowed after a
 * switch, and free. Within a segment the time of its end is exact (core/speed.c), so nothing is
 * ever stepped: progress is brought up to date only when something about the task changes.
 *
 * One heap holds the next event of every running task. An event that is put off, as those of tasks
 * that take turns are all the time, keeps its place in the heap until that comes up, and only then
 * goes where it belongs. All that happens at one time is carried out before the policy is asked
 * again: tasks by id, then outages, then arrivals. One plan may touch the same task several times;
 * what it comes to is worked out once, before the heap is looked at.
 */
#include "sim/world_state.h"

#include <math.h>

double continuous_progress(const struct world *world, int32_t id)
{
    const struct hidden *hidden = &world->hidden[id];
    double ran_s = world->view.now_s - hidden->stamp_s;

    if (world->task[id].state != TASK_RUNNING || ran_s <= 0)
        return hidden->progress;
    return speed_advance(hidden->model, hidden->rate, hidden->progress,
                         ran_s * hidden->multiplier * hidden->segment);
}

void continuous_catch_up(struct world *world, int32_t id)
{
    struct hidden *hidden = &world->hidden[id];

    hidden->progress = continuous_progress(world, id);
    hidden->fail_left_s -= world->view.now_s - hidden->stamp_s;
    hidden->stamp_s = world->view.now_s;
}

/* The factor in force from now on; *until_s is when the segment ends at the latest. */
static inline double begin_segment(const struct world *world, const struct task *task,
                                   const struct hidden *hidden, double *until_s)
{
    double now_s = world->view.now_s;

    *until_s = HUGE_VAL;
    if (now_s < hidden->stall_until_s) {
        *until_s = hidden->stall_until_s;
        return 0;
    }
    if (now_s < hidden->slow_until_s) {
        *until_s = hidden->slow_until_s;
        return world->catalog->type[task->type].switching.factor;
    }
    return 1;
}

/* Its next event, from now. */
static inline void schedule(struct world *world, const struct task *task, struct hidden *hidden)
{
    double now_s = world->view.now_s, until_s, finish_s = HUGE_VAL, next_s;
    double factor = begin_segment(world, task, hidden, &until_s);

    hidden->segment = factor;
    if (factor > 0)
        finish_s = now_s + speed_seconds(hidden->model, hidden->rate, hidden->progress, 1) /
                               (hidden->multiplier * factor);
    next_s = finish_s <= until_s ? finish_s : until_s;
    hidden->next_kind = finish_s <= until_s ? NEXT_FINISH : NEXT_SEGMENT;
    if (now_s + hidden->fail_left_s < next_s) {
        next_s = now_s + hidden->fail_left_s;
        hidden->next_kind = NEXT_FAILURE;
    }
    hidden->next_s = next_s;
    if (next_s < HUGE_VAL)
        heap_lower(&world->next, task->id, next_s);
}

static void mark_crowds(struct world *world)
{
    while (world->crowded.count > 0) {
        const struct running_list *list = &world->running[vector_pop(&world->crowded)];

        for (int32_t i = 0; i < list->count; i++)
            continuous_mark(world, list->id[i]);
    }
}

static void schedule_marked(struct world *world)
{
    mark_crowds(world);
    for (size_t i = 0; i < world->marked.count; i++) {
        const struct task *task = &world->task[world->marked.item[i]];
        struct hidden *hidden = &world->hidden[world->marked.item[i]];

        hidden->marked = false;
        if (task->state != TASK_RUNNING)
            continue;
        continuous_settle(world, task->id);
        progress_set_multiplier(world, task, hidden);
        schedule(world, task, hidden);
    }
    vector_clear(&world->marked);
}

/* The next event of any running task, worked out where that is due; false if there is none. */
static bool find_next(struct world *world, struct heap_entry *out)
{
    schedule_marked(world);
    while (!heap_is_empty(&world->next)) {
        double next_s;

        *out = heap_peek(&world->next);
        next_s = world->hidden[out->id].next_s;
        if (world->task[out->id].state != TASK_RUNNING || next_s == HUGE_VAL)
            heap_pop(&world->next);
        else if (next_s > out->key)
            heap_set(&world->next, out->id, next_s);
        else
            return true;
    }
    return false;
}

static double next_arrival_s(const struct world *world)
{
    if (world->next_arrival >= world->arrivals->count)
        return HUGE_VAL;
    return world->arrivals->item[world->next_arrival].time_s;
}

static double next_time_s(struct world *world)
{
    double next_s = fmin(next_arrival_s(world), outages_next(world));
    struct heap_entry next;

    if (find_next(world, &next))
        next_s = fmin(next_s, next.key);
    return fmin(next_s, world->wake_s);
}

/* The task that is due now, off the heap; -1: none. */
static int32_t take_due(struct world *world)
{
    struct heap_entry next;

    if (!find_next(world, &next) || next.key > world->view.now_s)
        return -1;
    return heap_pop(&world->next);
}

/* True when the policy can see that something happened. */
static bool task_event(struct world *world, int32_t id)
{
    struct hidden *hidden = &world->hidden[id];

    continuous_settle(world, id);
    switch (hidden->next_kind) {
    case NEXT_FINISH:
        hidden->progress = 1;
        task_finish(world, id);
        return true;
    case NEXT_FAILURE:
        task_fail(world, id, true, true);
        return true;
    case NEXT_SEGMENT:
        continuous_mark(world, id);
        return false;
    }
    return false;
}

/* Everything that is due now. */
static bool happen(struct world *world)
{
    bool visible = false;
    int32_t due;

    while ((due = take_due(world)) >= 0)
        visible |= task_event(world, due);
    if (outages_next(world) <= world->view.now_s) {
        outages_happen(world);
        visible = true;
    }
    while (next_arrival_s(world) <= world->view.now_s) {
        task_arrive(world, world->next_arrival++);
        visible = true;
    }
    if (world->wake_s <= world->view.now_s) {
        world->wake_s = HUGE_VAL;
        visible = true;
    }
    return visible;
}

void continuous_advance(struct world *world)
{
    bool visible = false;

    while (!visible && !world->over) {
        double next_s = next_time_s(world);

        if (world->next_arrival >= world->arrivals->count && world->in_system == 0)
            return;
        if (next_s >= world->scenario->horizon_s || next_s == HUGE_VAL) {
            world->totals.stuck = next_s == HUGE_VAL;
            world_pass_time(world,
                            next_s == HUGE_VAL ? world->view.now_s : world->scenario->horizon_s);
            world->over = true;
            return;
        }
        world_pass_time(world, next_s);
        visible = happen(world);
    }
}
