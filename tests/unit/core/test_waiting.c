/* SPDX-License-Identifier: Apache-2.0 */
/* Random comings and goings, against a list of who waits that is searched each time. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/view.h"
#include "core/waiting.h"

enum { TASKS = 300, MOST_CLUSTERS = 100, MOST_TYPES = 20, OPERATIONS = 4000 };

struct fixture {
    struct waiting_lists lists;
    struct task task[TASKS];
    int32_t reach[TASKS][MOST_CLUSTERS];
    struct type_info type[MOST_TYPES];
    struct catalog catalog;
    struct cluster_view cluster[MOST_CLUSTERS];
    struct view view;
    int32_t arrived; /* tasks 0 .. arrived-1 have been seen */
};

static void draw_reach(struct fixture *f, struct rng *rng, int32_t id)
{
    struct reach *reach = &f->task[id].reach;
    /* Narrow ones stand at each cluster, wide ones in the common lanes. */
    uint32_t odds = rng_below(rng, 3) == 0 ? 1 : 8;

    for (int32_t c = 0; c < f->catalog.clusters; c++)
        if (rng_below(rng, odds) == 0) {
            f->reach[id][reach->count++] = c;
            reach->bits |= (uint64_t)1 << (c & 63);
        }
    if (reach->count == 0) {
        f->reach[id][reach->count++] = 0;
        reach->bits = 1;
    }
    reach->cluster = f->reach[id];
}

static struct fixture *new_fixture(struct rng *rng, int clusters, int types)
{
    struct fixture *f = xcalloc(1, sizeof *f);

    f->catalog =
        (struct catalog){.clusters = clusters, .types = types, .resources = 1, .type = f->type};
    for (int i = 0; i < types; i++)
        f->type[i].min.amount[0] = 1 + (int32_t)rng_below(rng, 8);
    for (int32_t id = 0; id < TASKS; id++) {
        f->task[id] = (struct task){.id = id, .type = (int32_t)rng_below(rng, (uint32_t)types)};
        draw_reach(f, rng, id);
    }
    for (int c = 0; c < clusters; c++)
        f->cluster[c] = (struct cluster_view){.up = true, .may_start = true};
    waiting_init(&f->lists, clusters, types, true);
    waiting_reset(&f->lists, f->task);
    f->view = (struct view){
        .catalog = &f->catalog, .task = f->task, .cluster = f->cluster, .lists = &f->lists};
    return f;
}

static void check_all(const struct fixture *f)
{
    int32_t at = f->lists.first, count = 0;

    for (int32_t id = 0; id < f->arrived; id++) {
        if (f->task[id].state != TASK_WAITING)
            continue;
        assert_int_equal(at, id);
        at = f->task[id].next_waiting;
        count++;
    }
    assert_int_equal(at, -1);
    assert_int_equal(f->lists.count, count);
}

/* free_amount 0: everybody; else the types whose minimum fits are all there, others may be. */
static void check_cluster(const struct fixture *f, int32_t cluster, int32_t free_amount)
{
    struct allocation free = {{free_amount}};
    struct waiting_cursor cursor;
    int32_t next, last = -1;

    waiting_begin(&cursor, &f->view, cluster);
    if (free_amount > 0)
        waiting_only_fitting(&cursor, &free);
    next = waiting_next(&cursor);
    for (int32_t id = 0; id < f->arrived; id++) {
        bool waits = f->task[id].state == TASK_WAITING && reach_has(&f->task[id].reach, cluster);
        bool fits = free_amount == 0 || f->type[f->task[id].type].min.amount[0] <= free_amount;

        if (next == id) {
            assert_true(waits && id > last);
            last = id;
            next = waiting_next(&cursor);
        } else if (waits && fits) {
            fail_msg("cluster %d leaves out task %d", cluster, id);
        }
    }
    assert_int_equal(next, -1);
    assert_int_equal(waiting_next(&cursor), -1);
}

static void operate(struct fixture *f, struct rng *rng)
{
    int32_t id;

    if (f->arrived < TASKS && rng_below(rng, 3) == 0) {
        id = f->arrived++;
        f->task[id].state = TASK_WAITING;
        waiting_enter(&f->lists, id);
        return;
    }
    if (f->arrived == 0)
        return;
    id = (int32_t)rng_below(rng, (uint32_t)f->arrived);
    if (f->task[id].state == TASK_WAITING) {
        f->task[id].state = TASK_RUNNING;
        waiting_leave(&f->lists, id);
    } else { /* it was preempted: back to its old place */
        f->task[id].state = TASK_WAITING;
        waiting_enter(&f->lists, id);
    }
}

static void lists_agree_with_a_search(void **state)
{
    static const int shape[][2] = {{1, 1}, {3, 2}, {40, 7}, {100, 20}, {70, 9}};
    (void)state;

    for (size_t k = 0; k < COUNT_OF(shape); k++) {
        struct fixture *f;
        struct rng rng;

        rng_stream(&rng, k, "test");
        f = new_fixture(&rng, shape[k][0], shape[k][1]);
        for (int i = 0; i < OPERATIONS; i++) {
            operate(f, &rng);
            if (i % 50 != 0)
                continue;
            check_all(f);
            for (int32_t c = 0; c < shape[k][0]; c++)
                check_cluster(f, c, (int32_t)rng_below(&rng, 9));
        }
        waiting_release(&f->lists);
        free(f);
    }
}

/* Nodes are used again: their number stays at what was once in use together. */
static void nodes_are_used_again(void **state)
{
    struct fixture *f;
    struct rng rng;
    int32_t most;
    (void)state;

    rng_stream(&rng, 1, "test");
    f = new_fixture(&rng, 20, 3);
    for (int32_t id = 0; id < 100; id++)
        waiting_enter(&f->lists, id);
    most = f->lists.nodes;
    for (int round = 0; round < 20; round++) {
        for (int32_t id = 99; id >= 0; id--)
            waiting_leave(&f->lists, id);
        assert_int_equal(f->lists.count, 0);
        for (int32_t id = 0; id < 100; id++)
            waiting_enter(&f->lists, id);
        assert_int_equal(f->lists.nodes, most);
    }
    waiting_release(&f->lists);
    free(f);
}

static void a_cluster_without_a_start_shows_nobody(void **state)
{
    struct fixture *f;
    struct rng rng;
    int32_t id, seen = 0;
    (void)state;

    rng_stream(&rng, 1, "test");
    f = new_fixture(&rng, 2, 1);
    for (id = 0; id < 10; id++) {
        f->task[id].state = TASK_WAITING;
        waiting_enter(&f->lists, id);
    }
    f->cluster[1].may_start = false;
    view_each_waiting (&f->view, 1, id)
        seen++;
    assert_int_equal(seen, 0);
    view_each_waiting (&f->view, 0, id)
        seen++;
    assert_true(seen > 0);
    waiting_release(&f->lists);
    free(f);
}

static void reach_is_searched(void **state)
{
    static const int32_t members[] = {0, 3, 63, 64, 67, 130, 99999};
    struct reach reach = {.cluster = members, .count = 7};
    struct reach low = {.cluster = members, .count = 3};
    (void)state;

    for (int i = 0; i < 7; i++) {
        reach.bits |= (uint64_t)1 << (members[i] & 63);
        low.bits |= i < 3 ? (uint64_t)1 << members[i] : 0;
    }
    for (int32_t c = 0; c < 100100; c++) {
        bool is_member = false;

        for (int i = 0; i < 7; i++)
            is_member |= members[i] == c;
        assert_int_equal(reach_has(&reach, c), is_member);
        assert_int_equal(reach_has(&low, c), is_member && c < 64);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_agree_with_a_search),
    cmocka_unit_test(nodes_are_used_again),
    cmocka_unit_test(a_cluster_without_a_start_shows_nobody),
    cmocka_unit_test(reach_is_searched),
};

RUN_TESTS(tests)
