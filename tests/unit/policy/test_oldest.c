/* SPDX-License-Identifier: Apache-2.0 */
/* The line that is kept from one decision to the next against one gathered anew: tasks come, leave,
 * come back at the place of their age, and decisions are missed. */
#include "harness.h"

#include <string.h>

#include "base/rng.h"
#include "core/catalog.h"
#include "policy/oldest.h"

enum { TASKS = 200, TYPES = 3, MOST = 12, DECISIONS = 4000 };

struct place {
    struct catalog catalog;
    struct task task[TASKS];
    struct view view;
    int32_t arrived[TASKS];
    struct rng rng;
};

static void link_waiting(struct place *place)
{
    int32_t *link = &place->view.first_waiting, last = -1;

    place->view.waiting = 0;
    for (int32_t id = 0; id < place->view.tasks; id++) {
        struct task *task = &place->task[id];

        if (task->state != TASK_WAITING)
            continue;
        *link = id;
        link = &task->next_waiting;
        task->prev_waiting = last;
        last = id;
        place->view.waiting++;
    }
    *link = -1;
}

static void wait_from_now(struct place *place, int32_t id)
{
    place->task[id].state = TASK_WAITING;
    place->arrived[place->view.arrivals++] = id;
}

/* Some come for the first time, some start, some of those that ran are back. */
static void change(struct place *place)
{
    struct rng *rng = &place->rng;

    place->view.arrivals = 0;
    for (int32_t id = 0; id < place->view.tasks; id++) {
        struct task *task = &place->task[id];

        if (task->state == TASK_WAITING && rng_below(rng, 12) == 0)
            task->state = TASK_RUNNING;
        else if (task->state == TASK_RUNNING && rng_below(rng, 20) == 0)
            wait_from_now(place, id);
    }
    for (uint32_t more = rng_below(rng, 3); more > 0 && place->view.tasks < TASKS; more--)
        wait_from_now(place, place->view.tasks++);
    link_waiting(place);
}

static void check_line(const struct place *place, const struct oldest *oldest)
{
    int32_t tasks[TYPES] = {0}, id = place->view.first_waiting;
    int64_t reaches[TYPES] = {0};
    size_t at = 0;

    for (; id >= 0 && at < MOST; id = place->task[id].next_waiting, at++) {
        assert_true(at < oldest->line.count);
        assert_int_equal(oldest->line.item[at].task, id);
        tasks[place->task[id].type]++;
        reaches[place->task[id].type] += place->task[id].reach.count;
    }
    assert_int_equal(oldest->line.count, at);
    assert_memory_equal(oldest->tasks, tasks, sizeof tasks);
    assert_memory_equal(oldest->reaches, reaches, sizeof reaches);
}

static void the_line_is_that_of_the_oldest(void **state)
{
    static struct place place;
    struct oldest oldest;
    int full = 0;

    (void)state;
    rng_stream(&place.rng, 1, "oldest");
    place.view = (struct view){.catalog = &place.catalog,
                               .task = place.task,
                               .arrived = place.arrived,
                               .first_waiting = -1};
    for (int32_t id = 0; id < TASKS; id++)
        place.task[id] = (struct task){.id = id,
                                       .type = (int32_t)rng_below(&place.rng, TYPES),
                                       .reach.count = 1 + (int32_t)rng_below(&place.rng, 4)};
    oldest_init(&oldest, TYPES, MOST);
    for (int i = 0; i < DECISIONS; i++, place.view.decision++) {
        change(&place);
        if (rng_below(&place.rng, 50) == 0)
            continue;
        oldest_follow(&oldest, &place.view);
        check_line(&place, &oldest);
        full += place.view.waiting > MOST;
    }
    assert_true(full > 100);
    oldest_release(&oldest);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_line_is_that_of_the_oldest),
};

RUN_TESTS(tests)
