/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubernetes: the default scheduler, which KubeEdge and OpenYurt use too. A task is a pod, a
 * cluster a node. Pods are tried in the order in which they (last) entered the queue; one that does
 * not fit is set aside and comes back when so much came free that it would fit (the scheduler's
 * queueing hints) and its back-off (1 s, doubling to 10 s) is over. There is no reservation, so
 * later pods overtake. (That all come back after five minutes whatever happens is left out: nothing
 * fits then that did not before.)
 * Of the clusters where it fits a pod goes to the one with the highest score, in whole numbers
 * from 0 to 100 as the scheduler has them, counted with the pod on it:
 *
 *     fit      = mean over scored resources of (capacity - requested) * 100 / capacity
 *                (score=most: requested * 100 / capacity)
 *     balanced = (1 - standard deviation over them of requested / capacity) * 100
 *
 * Scored are cpu and mem, and no GPUs (scored=all: every resource); where there is neither, the
 * first resource. Ties are drawn. From 100 clusters on only as many that fit are scored as the
 * scheduler would (5 % at least, 100 at least), starting after the last that it looked at.
 *
 * Good: simple, robust, spreads load. Bad for this work: it spreads GPUs thin without looking at
 * them, knows nothing of lengths or speeds, takes requests as they come, and lets a pod that has
 * just missed its chance sit out its back-off beside free resources.
 *
 * Class I0. OpenYurt and KubeEdge keep pods in their own pool: home=true. Errors of known
 * re-implementations that are not made here: scores before the pod is added; fractions where the
 * scheduler cuts to whole numbers, which changes ties; ties that go to the first.
 *
 * Source: kubernetes/kubernetes, plugins noderesources (least_allocated.go,
 * balanced_allocation.go), schedule_one.go and default_plugins.go, read for facts.
 */
#include <math.h>

#include "base/heap.h"
#include "base/rng.h"
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/request.h"

enum { ALL_NODES = 100 };

struct pod {
    double queued_s; /* when it last entered the queue */
    double ready_s;  /* end of its back-off */
    int32_t attempts;
};

struct turn {
    double queued_s;
    int32_t task;
};

struct kubernetes {
    struct requests requests;
    const struct catalog *catalog;
    struct rng rng;
    bool most, home;
    double backoff_s, longest_s;
    bool scored[MAX_RESOURCES];
    VECTOR(struct pod) pods;    /* by task */
    VECTOR(int32_t) aside;      /* pods that wait for something to come free */
    struct heap backing_off;    /* pods that may come back, by when */
    VECTOR(struct turn) active; /* pods to be tried at this decision, in order */
    VECTOR(int32_t) unseen;     /* pods that no window shows */
    int32_t next_node;
};

static const struct option_spec options[] = {
    REQUEST_OPTION,
    {"score", OPTION_CHOICE, "least", .choices = "least|most",
     .help = "prefer clusters with the least or with the most allocated"},
    {"scored", OPTION_CHOICE, "default", .choices = "default|all",
     .help = "resources that the score looks at: cpu and mem, or all"},
    {"home", OPTION_FLAG, "false", .help = "only where the task's data lies (OpenYurt, KubeEdge)"},
    {"backoff", OPTION_REAL, "1", .low = 0, .high = 1e6, .unit = "s",
     .help = "shortest time before another attempt"},
    {"longest", OPTION_REAL, "10", .low = 0, .high = 1e6, .unit = "s",
     .help = "longest time before another attempt"},
    {0},
};

static void choose_scored(struct kubernetes *s, bool all)
{
    int cpu = catalog_find_resource(s->catalog, "cpu");
    int mem = catalog_find_resource(s->catalog, "mem");

    for (int r = 0; r < s->catalog->resources; r++)
        s->scored[r] = all || r == cpu || r == mem || (cpu < 0 && mem < 0 && r == 0);
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct kubernetes *s = state;

    (void)err;
    s->catalog = setup->catalog;
    s->most = params_choice(setup->params, "score") == 1;
    s->home = params_flag(setup->params, "home");
    s->backoff_s = params_real(setup->params, "backoff");
    s->longest_s = params_real(setup->params, "longest");
    choose_scored(s, params_choice(setup->params, "scored") == 1);
    rng_stream(&s->rng, setup->seed, "policy");
    requests_init(&s->requests, setup);
    heap_init(&s->backing_off);
    return 0;
}

static void release(void *state)
{
    struct kubernetes *s = state;

    requests_release(&s->requests);
    heap_release(&s->backing_off);
    vector_release(&s->active);
    vector_release(&s->pods);
    vector_release(&s->aside);
    vector_release(&s->unseen);
}

/* Scores */

static int64_t score_of(const struct kubernetes *s, struct plan *plan, int32_t cluster,
                        const struct allocation *request)
{
    const struct allocation *capacity = &s->catalog->cluster[cluster].capacity;
    const struct allocation *free = plan_free(plan, cluster);
    int64_t fit = 0, resources = 0;
    double sum = 0, squares = 0, variance;

    for (int r = 0; r < s->catalog->resources; r++) {
        int64_t all = capacity->amount[r];
        int64_t used = all - free->amount[r] + request->amount[r];

        if (!s->scored[r] || all == 0)
            continue;
        fit += (s->most ? used : all - used) * 100 / all;
        sum += (double)used / (double)all;
        squares += (double)used / (double)all * ((double)used / (double)all);
        resources++;
    }
    if (resources == 0)
        return 0;
    variance = squares / (double)resources - sum / (double)resources * (sum / (double)resources);
    return fit / resources + (int64_t)((1 - sqrt(variance > 0 ? variance : 0)) * 100);
}

/* How many clusters that fit are enough. */
static int32_t enough_nodes(int32_t nodes)
{
    int32_t percent = 50 - nodes / 125, enough;

    if (nodes < ALL_NODES)
        return nodes;
    percent = percent < 5 ? 5 : percent;
    enough = (int32_t)((int64_t)nodes * percent / 100);
    return enough < ALL_NODES ? ALL_NODES : enough;
}

/* The cluster for a pod, or -1. Of equals each is as likely as the others. */
static int32_t choose_node(struct kubernetes *s, const struct view *view, struct plan *plan,
                           int32_t id, const struct allocation *request)
{
    const struct task *task = &view->task[id];
    int32_t nodes = task->reach.count, left = enough_nodes(nodes), best = -1, looked = 0;
    int32_t first = nodes < ALL_NODES ? 0 : s->next_node % nodes;
    uint32_t equals = 0;
    int64_t most = -1;

    for (; looked < nodes && left > 0; looked++) {
        int32_t cluster = task->reach.cluster[(first + looked) % nodes];
        int64_t score;

        if ((s->home && cluster != task->home) || !plan_fits(plan, cluster, request) ||
            !plan_may_start(plan, id, cluster))
            continue;
        left--;
        score = score_of(s, plan, cluster, request);
        equals = score == most ? equals + 1 : 1;
        if (score > most || (score == most && rng_below(&s->rng, equals) == 0))
            best = cluster;
        most = score > most ? score : most;
    }
    s->next_node = first + looked;
    return best;
}

/* The queue */

static void enter_new(struct kubernetes *s, const struct view *view)
{
    static const struct pod none;

    while (s->pods.count < (size_t)view->tasks)
        vector_push(&s->pods, none);
    for (int32_t i = 0; i < view->arrivals; i++) {
        int32_t id = view->arrived[i];

        s->pods.item[id] = (struct pod){.queued_s = view->now_s, .ready_s = view->now_s};
        heap_set(&s->backing_off, id, view->now_s);
    }
}

/* In slotted worlds a pod may have missed only a turn or a window, so every cluster is looked at.
 */
static bool would_fit(struct kubernetes *s, const struct view *view, struct plan *plan, int32_t id)
{
    const struct allocation *request = request_of(&s->requests, view, id);
    const struct reach *reach = &view->task[id].reach;

    for (int32_t i = 0; view->catalog->slot_s > 0 && i < reach->count; i++)
        if (plan_fits(plan, reach->cluster[i], request))
            return true;
    for (int32_t i = 0; view->catalog->slot_s == 0 && i < view->toucheds; i++)
        if (plan_fits(plan, view->touched[i], request) && reach_has(reach, view->touched[i]))
            return true;
    return false;
}

static bool is_shown(const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    if (view->catalog->window == 0)
        return true;
    for (int32_t i = 0; i < reach->count; i++)
        if (view_find_slot(view, reach->cluster[i], id) >= 0)
            return true;
    return false;
}

/* Has a pod tried at this decision, if any window shows it. */
static void activate(struct kubernetes *s, const struct view *view, int32_t id)
{
    if (view->task[id].state != TASK_WAITING)
        return;
    if (is_shown(view, id))
        vector_push(&s->active, ((struct turn){s->pods.item[id].queued_s, id}));
    else
        vector_push(&s->unseen, id);
}

/* Lets pods that would fit now back into the queue, as soon as their back-off is over. */
static void bring_back(struct kubernetes *s, const struct view *view, struct plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->aside.count; i++) {
        int32_t id = s->aside.item[i];

        if (!would_fit(s, view, plan, id))
            s->aside.item[kept++] = id;
        else if (s->pods.item[id].ready_s <= view->now_s)
            activate(s, view, id);
        else
            heap_set(&s->backing_off, id, s->pods.item[id].ready_s);
    }
    s->aside.count = kept;
}

static void set_aside(struct kubernetes *s, const struct view *view, int32_t id)
{
    struct pod *pod = &s->pods.item[id];
    double wait_s =
        fmin(ldexp(s->backoff_s, pod->attempts < 60 ? pod->attempts : 60), s->longest_s);

    pod->attempts++;
    pod->queued_s = view->now_s;
    pod->ready_s = view->now_s + wait_s;
    vector_push(&s->aside, id);
}

static int compare_turns(const void *a, const void *b)
{
    const struct turn *left = a, *right = b;

    if (left->queued_s != right->queued_s)
        return left->queued_s < right->queued_s ? -1 : 1;
    return left->task < right->task ? -1 : left->task > right->task;
}

/* Those who were set aside together are tried again together, and in order already. */
static void sort_active(struct kubernetes *s)
{
    for (size_t i = 1; i < s->active.count; i++)
        if (compare_turns(&s->active.item[i - 1], &s->active.item[i]) > 0) {
            vector_sort(&s->active, compare_turns);
            return;
        }
}

/* Who is to be tried now. */
static void fill_active(struct kubernetes *s, const struct view *view, struct plan *plan)
{
    vector_clear(&s->active);
    vector_clear(&s->unseen);
    if (view->toucheds > 0 || view->catalog->slot_s > 0)
        bring_back(s, view, plan);
    while (!heap_is_empty(&s->backing_off) && heap_peek(&s->backing_off).key <= view->now_s)
        activate(s, view, heap_pop(&s->backing_off));
    for (size_t i = 0; i < s->unseen.count; i++)
        heap_set(&s->backing_off, s->unseen.item[i], view->now_s);
    sort_active(s);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct kubernetes *s = state;

    enter_new(s, view);
    fill_active(s, view, plan);
    for (size_t i = 0; i < s->active.count; i++) {
        int32_t id = s->active.item[i].task;
        const struct allocation *request = request_of(&s->requests, view, id);
        int32_t cluster = choose_node(s, view, plan, id, request);

        if (cluster >= 0)
            plan_start(plan, id, cluster, request);
        else
            set_aside(s, view, id);
    }
    if (!heap_is_empty(&s->backing_off) && heap_peek(&s->backing_off).key > view->now_s)
        plan_wake(plan, heap_peek(&s->backing_off).key);
}

const struct policy_ops policy_kubernetes = {
    .name = "kubernetes",
    .summary = "the default scheduler's queue and scores (also KubeEdge, OpenYurt)",
    .source = "kubernetes/kubernetes, noderesources plugins and schedule_one.go",
    .info = INFO_BLIND,
    .options = options,
    .state_size = sizeof(struct kubernetes),
    .init = init,
    .decide = decide,
    .release = release,
};
