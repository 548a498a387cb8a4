/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Company: tasks that share one allocation. They stand in a ring through task->companion, each with
 * the same allocation and placement in its record; the books have it once, from the start of the
 * first to the end of the last. Nothing tells the founder from those who came later.
 *
 * Company slows its members down by the rules of core/stages.h, to the pace that the catalog's
 * period for their types gives. Tasks in company come up one after the other: while one starts up,
 * the others stand still. Progress that a task made at its old pace is settled before it gets a new
 * one. A slot is walked at the paces that were in force when it began.
 */
#include "sim/world_state.h"

#include <math.h>

/* The ring from a task on; returns how many. */
static int gather(const struct world *world, int32_t id, int32_t member[MAX_COMPANY])
{
    int members = 0;
    int32_t at = id;

    do {
        member[members++] = at;
        at = world->task[at].companion;
    } while (at >= 0 && at != id);
    return members;
}

int company_size(const struct world *world, int32_t id)
{
    int32_t member[MAX_COMPANY];

    return world->task[id].companion < 0 ? 1 : gather(world, id, member);
}

void company_set_paces(struct world *world, int32_t id)
{
    int32_t member[MAX_COMPANY], type[MAX_COMPANY];
    double period;
    int members;

    if (world->task[id].companion < 0) { /* the last one */
        world->task[id].pace = 1;
        progress_refresh(world, id);
        return;
    }
    members = gather(world, id, member);
    for (int i = 0; i < members; i++)
        type[i] = world->task[member[i]].type;
    period = periods_of(&world->periods, type, members);
    for (int i = 0; i < members; i++) {
        double alone = world->catalog->type[type[i]].stages->period;

        world->task[member[i]].pace = alone < period ? alone / period : 1;
        progress_refresh(world, member[i]);
    }
}

/* The newcomer starts up when the others have, and while it does they stand still. */
static void start_up_in_turn(struct world *world, int32_t id, const int32_t *other, int others)
{
    double startup_s = world->catalog->type[world->task[id].type].startup_s;
    double begin_s = world->hidden[id].stall_until_s - startup_s;

    for (int i = 0; i < others; i++) {
        struct hidden *hidden = &world->hidden[other[i]];

        begin_s = fmax(begin_s, hidden->stall_until_s);
        if (startup_s > 0)
            hidden->stall_until_s = fmax(hidden->stall_until_s, world->view.now_s) + startup_s;
    }
    world->hidden[id].stall_until_s = begin_s + startup_s;
}

void company_enter(struct world *world, int32_t id, int32_t with)
{
    struct task *task = &world->task[id], *host = &world->task[with];
    int32_t other[MAX_COMPANY];
    int others = gather(world, with, other);

    BUG_ON(others >= MAX_COMPANY);
    for (int i = 0; !world->slotted && i < others; i++)
        continuous_settle(world, other[i]);
    start_up_in_turn(world, id, other, others);
    task->companion = host->companion >= 0 ? host->companion : with;
    host->companion = id;
}

void company_lose(struct world *world, int32_t id)
{
    struct task *task = &world->task[id];
    int32_t next = task->companion, last = next;

    while (world->task[last].companion != id)
        last = world->task[last].companion;
    world->task[last].companion = next == last ? -1 : next;
    task->companion = -1;
    task->pace = 1;
    if (world->walks)
        vector_push(&world->left, next);
    else
        company_set_paces(world, next);
}

void companies_after_walk(struct world *world)
{
    world->walks = false;
    for (size_t i = 0; i < world->left.count; i++)
        if (world->task[world->left.item[i]].state == TASK_RUNNING)
            company_set_paces(world, world->left.item[i]);
    vector_clear(&world->left);
}
