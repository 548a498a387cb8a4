/* SPDX-License-Identifier: Apache-2.0 */
/* What can happen to one task: arrive, start, resize, move, join another one's allocation, finish,
 * go back to waiting, be given up. */
#include "sim/world_state.h"

#include <math.h>
#include <string.h>

static void running_add(struct world *world, int32_t cluster, int32_t id)
{
    struct running_list *list = &world->running[cluster];

    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->id = xrealloc(list->id, (size_t)list->capacity, sizeof *list->id);
        world->cluster[cluster].running = list->id;
    }
    list->id[list->count++] = id;
    world->cluster[cluster].runnings = list->count;
    world->view.running++;
}

static void running_remove(struct world *world, int32_t cluster, int32_t id)
{
    struct running_list *list = &world->running[cluster];
    int32_t at = 0;

    while (list->id[at] != id)
        at++;
    list->count--;
    memmove(list->id + at, list->id + at + 1, (size_t)(list->count - at) * sizeof *list->id);
    world->cluster[cluster].runnings = list->count;
    world->view.running--;
}

void running_compact(struct world *world, int32_t cluster, int32_t first_left)
{
    struct running_list *list = &world->running[cluster];
    int32_t kept = first_left;

    for (int32_t i = first_left; i < list->count; i++) {
        const struct task *task = &world->task[list->id[i]];

        if (task->state == TASK_RUNNING && task->cluster == cluster)
            list->id[kept++] = list->id[i];
    }
    world->view.running -= list->count - kept;
    list->count = kept;
    world->cluster[cluster].runnings = kept;
}

/* Books the service of the allocation that ends now. */
static void close_stretch(struct world *world, struct task *task)
{
    double held_s = world->view.now_s - task->since_s;

    for (int r = 0; r < world->catalog->resources; r++)
        task->service_s[r] += held_s * task->allocation.amount[r];
    task->ran_s += held_s;
    task->since_s = world->view.now_s;
}

/* The task has none before. */
static void set_placement(struct task *task, const struct placement *placement)
{
    struct node_share *copy;

    if (placement->shares == 0)
        return;
    copy = xcalloc((size_t)placement->shares, sizeof *copy);
    memcpy(copy, placement->share, (size_t)placement->shares * sizeof *copy);
    task->placement = (struct placement){copy, placement->shares};
}

static void drop_placement(struct task *task)
{
    if (task->placement.shares == 0)
        return;
    free((void *)(uintptr_t)task->placement.share);
    task->placement = (struct placement){0};
}

void tasks_reset(struct world *world)
{
    for (int32_t id = 0; world->has_nodes && id < world->view.tasks; id++)
        drop_placement(&world->task[id]);
}

static void enter_waiting(struct world *world, int32_t id)
{
    struct task *task = &world->task[id];

    task->state = TASK_WAITING;
    task->since_s = world->view.now_s;
    waiting_enter(&world->lists, id);
    if (world->window)
        windows_enter(world, id);
    vector_push(&world->arrived, id);
    world->view.waiting = world->lists.count;
    world->view.first_waiting = world->lists.first;
}

static void leave_waiting(struct world *world, int32_t id)
{
    if (world->window)
        windows_leave(world, id);
    waiting_leave(&world->lists, id);
    world->view.waiting = world->lists.count;
    world->view.first_waiting = world->lists.first;
}

/* What is not set here is zero since the world was reset. */
void task_arrive(struct world *world, int32_t id)
{
    const struct arrival *arrival = &world->arrivals->item[id];
    const struct type_info *info = &world->catalog->type[arrival->type];
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];

    task->id = id;
    task->type = arrival->type;
    task->arrival_s = arrival->time_s;
    task->reach = arrival->reach;
    task->home = arrival->home;
    task->min = arrival->limits ? arrival->limits[0] : info->min;
    task->max = arrival->limits ? arrival->limits[1] : info->max;
    task->request = arrival->request;
    task->cluster = -1;
    task->first_start_s = task->finish_s = -1;
    task->companion = -1;
    task->pace = 1;
    task->next_waiting = task->prev_waiting = task->first_node = -1;
    hidden->inverse_work = 1 / arrival->work;
    hidden->model = &world->scenario->truth[arrival->type].speed;
    hidden->walked_cluster = -1;
    hidden->data_at = arrival->home;
    world->view.tasks = id + 1;
    world->in_system++;
    enter_waiting(world, id);
    world_tell(world, EVENT_ARRIVAL, id, -1, -1);
}

/* What a task begins to hold; with: whose allocation it shares, or -1. */
struct place {
    int32_t cluster, with;
    const struct allocation *amount;
    const struct placement *placement;
};

static inline void occupy(struct world *world, int32_t id, const struct place *place,
                          int32_t data_from)
{
    struct task *task = &world->task[id];

    task->state = TASK_RUNNING;
    task->cluster = place->cluster;
    task->allocation = *place->amount;
    task->since_s = world->view.now_s;
    set_placement(task, place->placement);
    if (place->with < 0)
        world_take(world, place->cluster, place->amount, place->placement);
    running_add(world, place->cluster, id);
    progress_begin(world, id, data_from);
    if (place->with >= 0)
        company_enter(world, id, place->with);
}

/* After occupy(): in continuous time, when it comes to something. */
static inline void get_going(struct world *world, int32_t id, const struct place *place,
                             bool switches)
{
    const struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];

    if (!world->slotted) {
        const struct switching_cost *cost = &world->catalog->type[task->type].switching;

        hidden->stamp_s = world->view.now_s;
        hidden->slow_until_s = world->view.now_s + (switches ? cost->seconds : 0);
        continuous_crowd(world, place->cluster);
        continuous_mark(world, id);
    }
    if (place->with >= 0)
        company_set_paces(world, id);
}

static inline void start(struct world *world, int32_t id, const struct place *place)
{
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];
    bool resumed = hidden->starts > 0;

    leave_waiting(world, id);
    occupy(world, id, place, hidden->data_at);
    if (task->first_start_s < 0)
        task->first_start_s = world->view.now_s;
    world->totals.starts++;
    world_tell(world, EVENT_START, id, place->cluster, -1);
    get_going(world, id, place, resumed);
}

void task_start(struct world *world, int32_t id, int32_t cluster, const struct allocation *amount,
                const struct placement *placement)
{
    start(world, id, &(struct place){cluster, -1, amount, placement});
}

void task_resize(struct world *world, int32_t id, const struct allocation *amount,
                 const struct placement *placement)
{
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];

    if (!world->slotted)
        continuous_settle(world, id);
    close_stretch(world, task);
    world_give(world, task->cluster, &task->allocation, &task->placement);
    drop_placement(task);
    task->allocation = *amount;
    set_placement(task, placement);
    world_take(world, task->cluster, amount, placement);
    task->resizes++;
    world->totals.resizes++;
    progress_set_rate(world, id);
    world_tell(world, EVENT_RESIZE, id, task->cluster, -1);
    if (!world->slotted) {
        hidden->slow_until_s =
            world->view.now_s + world->catalog->type[task->type].switching.seconds;
        continuous_mark(world, id);
    }
}

/* The books have had its place as free for a while. That it leaves concerns those who wait, also if
 * its company holds the place on. */
static void settle_lifted(struct world *world, int32_t id)
{
    world->hidden[id].lifted = false;
    world_touch(world, world->task[id].cluster);
}

/* Ends the present stretch and frees what it held, unless its company holds it on or the books have
 * it as free already; the task is in no list afterwards. */
static void vacate(struct world *world, int32_t id, bool unlist)
{
    struct task *task = &world->task[id];

    if (!world->slotted) {
        continuous_settle(world, id);
        continuous_mark(world, id);
    }
    close_stretch(world, task);
    if (world->hidden[id].lifted)
        settle_lifted(world, id);
    else if (!company_leave(world, id))
        world_give(world, task->cluster, &task->allocation, &task->placement);
    drop_placement(task);
    task->pace = 1;
    task->allocation = (struct allocation){{0}};
    task->state = TASK_WAITING;
    if (unlist)
        running_remove(world, task->cluster, id);
    if (!world->slotted)
        continuous_crowd(world, task->cluster);
}

static void move(struct world *world, int32_t id, const struct place *place)
{
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];
    int32_t from = task->cluster;

    vacate(world, id, true);
    if (!world->catalog->type[task->type].preempt_keeps)
        hidden->progress = 0;
    task->migrations++;
    world->totals.migrations++;
    occupy(world, id, place, from);
    world_tell(world, EVENT_MIGRATE, id, place->cluster, from);
    get_going(world, id, place, true);
}

void task_migrate(struct world *world, int32_t id, int32_t cluster, const struct allocation *amount,
                  const struct placement *placement)
{
    move(world, id, &(struct place){cluster, -1, amount, placement});
}

void task_join(struct world *world, int32_t id, int32_t with)
{
    const struct task *host = &world->task[with];
    struct place place = {host->cluster, with, &host->allocation, &host->placement};

    if (world->task[id].state == TASK_RUNNING)
        move(world, id, &place);
    else
        start(world, id, &place);
}

void task_preempt(struct world *world, int32_t id)
{
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];

    vacate(world, id, true);
    if (!world->catalog->type[task->type].preempt_keeps)
        hidden->progress = 0;
    hidden->walked = (struct allocation){{0}};
    task->preemptions++;
    world->totals.preemptions++;
    enter_waiting(world, id);
    world_tell(world, EVENT_PREEMPT, id, task->cluster, -1);
}

void task_finish(struct world *world, int32_t id)
{
    struct task *task = &world->task[id];

    close_stretch(world, task);
    task->state = TASK_DONE;
    task->finish_s = world->view.now_s;
    world->totals.finished++;
    world->in_system--;
    world_tell(world, EVENT_FINISH, id, task->cluster, -1);
    if (!company_leave(world, id))
        world_give(world, task->cluster, &task->allocation, &task->placement);
    drop_placement(task);
    task->allocation = (struct allocation){{0}};
    if (!world->slotted) {
        running_remove(world, task->cluster, id);
        continuous_crowd(world, task->cluster);
    }
}

static void give_up(struct world *world, int32_t id)
{
    world->task[id].state = TASK_FAILED;
    world->totals.lost++;
    world->in_system--;
    world_tell(world, EVENT_LOST, id, world->task[id].cluster, -1);
}

void task_fail(struct world *world, int32_t id, bool counts, bool unlist)
{
    struct task *task = &world->task[id];
    struct hidden *hidden = &world->hidden[id];
    int32_t retries = world->scenario->truth[task->type].retries;

    vacate(world, id, unlist);
    if (!world->catalog->type[task->type].failure_keeps)
        hidden->progress = 0;
    hidden->walked = (struct allocation){{0}};
    task->failures += counts;
    world->totals.failures += counts;
    if (counts && retries >= 0 && task->failures > retries) {
        give_up(world, id);
        return;
    }
    enter_waiting(world, id);
    world_tell(world, EVENT_FAILURE, id, task->cluster, -1);
}
