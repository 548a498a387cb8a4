/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yarn: the capacity scheduler as it serves machine learning: strictly first in, first out, gangs,
 * no preemption. The oldest task that does not fit reserves every cluster that it reaches: nobody
 * behind it starts there before it does. With queues=home every cluster is a tenant with a queue of
 * its own for the tasks whose data lies there; the next queue is the one that uses least of what
 * it is guaranteed (its cluster's capacity), and any may use what others leave.
 *
 * Good: nobody starves, and a wide task is sure of its turn. Bad: while it waits for room, the room
 * that is there stays empty; of all policies here it depends most on requests that are small.
 *
 * Class I0. Errors of known implementations that are not made here: backfill (Tiresias' "fjf" under
 * this name) and memory as the only resource that is counted, which is YARN's own default without
 * the dominant resource calculator. Consolidation is the cluster's "placement".
 *
 * With one queue a cluster serves but the first of those who wait for it. In continuous time only
 * firsts are looked at, in the order of their arrival: those of clusters where something came free,
 * the newcomers, and whoever comes first where one of these has started.
 *
 * Source: Apache Hadoop's CapacityScheduler as documented; "fifo" of SymbioticLab/Tiresias 959f9b0.
 */
#include "base/heap.h"
#include "core/policy.h"
#include "policy/place.h"
#include "policy/registry.h"
#include "policy/request.h"

struct queue {
    int32_t next; /* task that is looked at next; -1: none is left */
    struct allocation used;
};

struct yarn {
    struct requests requests;
    bool by_home;
    int32_t queues;
    struct queue *queue;
    bool *reserved;     /* by cluster */
    int32_t open;       /* clusters that are not */
    struct heap firsts; /* tasks to look at, by id */
    int32_t left;       /* tasks that the last plan left waiting; -1: there was none */
};

static const struct option_spec options[] = {
    REQUEST_OPTION,
    {"queues", OPTION_CHOICE, "one", .choices = "one|home",
     .help = "one queue for all, or one per cluster for the tasks whose data lies there"},
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct yarn *s = state;

    (void)err;
    s->by_home = params_choice(setup->params, "queues") == 1;
    s->left = -1;
    heap_init(&s->firsts);
    s->queues = s->by_home ? setup->catalog->clusters : 1;
    s->queue = xcalloc((size_t)s->queues, sizeof *s->queue);
    s->reserved = xcalloc((size_t)setup->catalog->clusters, sizeof *s->reserved);
    requests_init(&s->requests, setup);
    return 0;
}

static void release(void *state)
{
    struct yarn *s = state;

    requests_release(&s->requests);
    heap_release(&s->firsts);
    free(s->queue);
    free(s->reserved);
}

/* The first task of the queue from this one on. */
static int32_t skip_to(const struct yarn *s, const struct view *view, int32_t queue, int32_t id)
{
    while (id >= 0 && s->by_home && view->task[id].home != queue)
        id = view->task[id].next_waiting;
    return id;
}

static void begin(struct yarn *s, const struct view *view)
{
    s->open = 0;
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        s->reserved[c] = !view->cluster[c].may_start;
        s->open += view->cluster[c].may_start;
    }
    for (int32_t q = 0; q < s->queues; q++) {
        s->queue[q].next = skip_to(s, view, q, view->first_waiting);
        s->queue[q].used = (struct allocation){{0}};
    }
    for (int32_t c = 0; s->by_home && c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++) {
            const struct task *task = &view->task[view->cluster[c].running[i]];

            allocation_add(&s->queue[task->home].used, &task->allocation);
        }
}

/* The queue that has used least of its guarantee and has a task to look at; -1: none has. */
static int32_t choose_queue(const struct yarn *s, const struct view *view)
{
    int32_t best = -1;
    double least = 0;

    for (int32_t q = 0; q < s->queues; q++) {
        double used;

        if (s->queue[q].next < 0)
            continue;
        used = s->by_home ? allocation_dominant_share(&s->queue[q].used,
                                                      &view->catalog->cluster[q].capacity)
                          : 0;
        if (best < 0 || used < least) {
            best = q;
            least = used;
        }
    }
    return best;
}

static void reserve(struct yarn *s, const struct view *view, struct plan *plan, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i];

        if (s->reserved[cluster] || !plan_may_start(plan, id, cluster))
            continue;
        s->reserved[cluster] = true;
        s->open--;
    }
}

static void serve(struct yarn *s, const struct view *view, struct plan *plan, struct queue *queue)
{
    int32_t id = queue->next;
    const struct allocation *request = request_of(&s->requests, view, id);
    int32_t cluster = place_best_fit_unless(view, plan, id, request, s->reserved);

    if (cluster >= 0) {
        plan_start(plan, id, cluster, request);
        allocation_add(&queue->used, request);
    } else {
        reserve(s, view, plan, id);
    }
}

static void serve_queues(struct yarn *s, const struct view *view, struct plan *plan)
{
    int32_t q;

    begin(s, view);
    while (s->open > 0 && (q = choose_queue(s, view)) >= 0) {
        struct queue *queue = &s->queue[q];

        serve(s, view, plan, queue);
        queue->next = skip_to(s, view, q, view->task[queue->next].next_waiting);
    }
}

/* Firsts */

/* Who is the first of those that may start on a cluster, the plan counted in; -1: nobody. */
static int32_t first_of(const struct view *view, const struct plan *plan, int32_t cluster)
{
    int32_t id;

    view_each_waiting (view, cluster, id) {
        if (!plan_has(plan, id))
            return id;
    }
    return -1;
}

static void look_at_first(struct yarn *s, const struct view *view, const struct plan *plan,
                          int32_t cluster)
{
    int32_t id = first_of(view, plan, cluster);

    if (id >= 0)
        heap_set(&s->firsts, id, id);
}

/* If somebody left or stayed against the last plan, anybody may have become a first. */
static void list_firsts(struct yarn *s, const struct view *view, const struct plan *plan)
{
    heap_reset(&s->firsts);
    if (s->left != view->waiting - view->arrivals) {
        for (int32_t c = 0; c < view->catalog->clusters; c++)
            look_at_first(s, view, plan, c);
        return;
    }
    for (int32_t i = 0; i < view->toucheds; i++)
        look_at_first(s, view, plan, view->touched[i]);
    for (int32_t i = 0; i < view->arrivals; i++)
        if (view->task[view->arrived[i]].state == TASK_WAITING)
            heap_set(&s->firsts, view->arrived[i], view->arrived[i]);
}

/* True if the task was started. */
static bool serve_first(struct yarn *s, const struct view *view, struct plan *plan, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    const struct allocation *request;
    bool is_first = false;
    int32_t cluster;

    for (int32_t i = 0; i < reach->count; i++) {
        s->reserved[reach->cluster[i]] = first_of(view, plan, reach->cluster[i]) != id;
        is_first |= !s->reserved[reach->cluster[i]];
    }
    if (!is_first)
        return false;
    request = request_of(&s->requests, view, id);
    cluster = place_best_fit_unless(view, plan, id, request, s->reserved);
    if (cluster >= 0)
        plan_start(plan, id, cluster, request);
    return cluster >= 0;
}

static void serve_firsts(struct yarn *s, const struct view *view, struct plan *plan)
{
    list_firsts(s, view, plan);
    while (!heap_is_empty(&s->firsts)) {
        int32_t id = heap_pop(&s->firsts);
        const struct reach *reach = &view->task[id].reach;

        if (!serve_first(s, view, plan, id))
            continue;
        for (int32_t i = 0; i < reach->count; i++)
            look_at_first(s, view, plan, reach->cluster[i]);
    }
    s->left = view->waiting - plan->actions;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct yarn *s = state;

    if (s->by_home || view->catalog->slot_s > 0 || view->catalog->window > 0)
        serve_queues(s, view, plan);
    else
        serve_firsts(s, view, plan);
}

const struct policy_ops policy_yarn = {
    .name = "yarn",
    .summary = "strictly first in, first out, with reservations (capacity scheduler)",
    .source = "Apache Hadoop's CapacityScheduler, as documented",
    .info = INFO_BLIND,
    .options = options,
    .state_size = sizeof(struct yarn),
    .init = init,
    .decide = decide,
    .release = release,
};
