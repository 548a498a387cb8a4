/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line is the beginning of the view's list of waiting tasks. From one decision to the next few
 * tasks leave that list, those that were started, and few come: most at its end, those that were
 * sent back or failed at the places that they had. Who came is in the view; that somebody left
 * shows in the number who wait, and then all in line are looked at. Whenever a decision was left
 * out, and in slotted worlds, where lists are short, all is gathered anew.
 */
#include "policy/oldest.h"

#include <string.h>

#include "base/memory.h"

void oldest_init(struct oldest *oldest, int32_t types, int32_t most)
{
    *oldest = (struct oldest){.tasks = xcalloc((size_t)types, sizeof *oldest->tasks),
                              .reaches = xcalloc((size_t)types, sizeof *oldest->reaches),
                              .most = most,
                              .types = types,
                              .decision = -1};
}

void oldest_release(struct oldest *oldest)
{
    vector_release(&oldest->line);
    free(oldest->tasks);
    free(oldest->reaches);
}

/* Enters a task in the books, or with -1 strikes it out. */
static void count(struct oldest *oldest, const struct view *view, struct oldest_task entry,
                  int32_t by)
{
    oldest->tasks[entry.type] += by;
    oldest->reaches[entry.type] += by * view->task[entry.task].reach.count;
}

static void append(struct oldest *oldest, const struct view *view, int32_t id)
{
    struct oldest_task entry = {id, view->task[id].type};

    count(oldest, view, entry, 1);
    vector_push(&oldest->line, entry);
}

static void fill_up(struct oldest *oldest, const struct view *view)
{
    int32_t id = oldest->line.count > 0 ? view->task[vector_last(&oldest->line)->task].next_waiting
                                        : view->first_waiting;

    for (; id >= 0 && oldest->line.count < (size_t)oldest->most; id = view->task[id].next_waiting)
        append(oldest, view, id);
}

static void gather(struct oldest *oldest, const struct view *view)
{
    memset(oldest->tasks, 0, (size_t)oldest->types * sizeof *oldest->tasks);
    memset(oldest->reaches, 0, (size_t)oldest->types * sizeof *oldest->reaches);
    vector_clear(&oldest->line);
    fill_up(oldest, view);
}

static void strike_gone(struct oldest *oldest, const struct view *view)
{
    size_t kept = 0;

    for (size_t i = 0; i < oldest->line.count; i++) {
        struct oldest_task entry = oldest->line.item[i];

        if (view->task[entry.task].state == TASK_WAITING)
            oldest->line.item[kept++] = entry;
        else
            count(oldest, view, entry, -1);
    }
    oldest->line.count = kept;
}

/* A task that is back, at the place of its age. Who is younger than all in line comes by filling
 * up, if there is room. */
static void insert(struct oldest *oldest, const struct view *view, int32_t id)
{
    const struct oldest_task *line = oldest->line.item;
    struct oldest_task last;
    size_t at = oldest->line.count;

    while (at > 0 && line[at - 1].task > id)
        at--;
    if (at == oldest->line.count || view->task[id].state != TASK_WAITING ||
        (at > 0 && line[at - 1].task == id))
        return;
    if (oldest->line.count == (size_t)oldest->most) {
        last = vector_pop(&oldest->line);
        count(oldest, view, last, -1);
    }
    append(oldest, view, id);
    for (size_t i = oldest->line.count - 1; i > at; i--)
        oldest->line.item[i] = oldest->line.item[i - 1];
    oldest->line.item[at] = (struct oldest_task){id, view->task[id].type};
}

void oldest_follow(struct oldest *oldest, const struct view *view)
{
    if (view->catalog->slot_s > 0 || oldest->decision < 0 ||
        view->decision != oldest->decision + 1) {
        gather(oldest, view);
    } else {
        if (view->waiting != oldest->waiting + view->arrivals)
            strike_gone(oldest, view);
        for (int32_t i = 0; i < view->arrivals; i++)
            insert(oldest, view, view->arrived[i]);
        fill_up(oldest, view);
    }
    oldest->waiting = view->waiting;
    oldest->decision = view->decision;
}
