/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wang-online: dispatch to the cluster where it hurts least, then shortest remaining time first
 * inside each cluster, with preemption. A task is dispatched once, when it comes, to the cluster
 * that adds least to the sum of all completion times; there it stays.
 *
 * What a task j adds on a cluster: the time to bring its data there, its own time r_j, what is left
 * of those who go before it, and its own work once for everybody who goes after it:
 *
 *     transfer_j + r_j + sum over k with r_k <= r_j of r_k s_k + r_j s_j #{k: r_k > r_j}
 *
 * where k runs over the tasks dispatched there and not done, r is the remaining time at the request
 * and s the request's dominant share of the cluster: a task that takes a quarter of a cluster for 8
 * s keeps the others waiting for 2.
 *
 * Good where data is dear to move and clusters differ: lengths of queues are weighed against
 * transfers, and nothing migrates (but to other
 * nodes of its cluster). Bad when the guess at arrival goes wrong, for then nobody
 * moves to a cluster that runs empty, and where preemption costs.
 *
 * Class I3 with true speeds, I2 with a fitted model.
 *
 * Assumed, because the published description (an abstract and a theorem: competitive with faster
 * machines) leaves it open: unit weights, so that highest density is shortest remaining time;
 * requests of several resources enter by their dominant share; the sum above; tasks whose cluster
 * goes down while others of their reach are up are dispatched anew; in worlds with windows a task
 * is dispatched among the clusters that show it.
 *
 * Source: Wang et al. on preemptive online scheduling in edge-cloud systems, IEEE JSAC 2022.
 */
#include "core/policy.h"
#include "policy/registry.h"
#include "policy/remaining.h"
#include "policy/rounds.h"
#include "policy/sweep.h"

/* A task that was dispatched to a cluster, and how long it keeps the others there waiting. */
struct sent {
    int32_t task;
    int32_t version; /* of the estimate; -1: none was made yet */
    double since_s;  /* of the wait for which it holds */
    double left_s, load_s;
};

/* By cluster. */
struct branch {
    VECTOR(struct sent) sent; /* tasks dispatched there, some of them done */
    int64_t looked_at;        /* at which decision, if nothing changed since */
};

struct wang_online {
    struct sweep sweep;
    VECTOR(int32_t) home; /* by task: where it was dispatched; -1: not yet */
    struct branch *branch;
    int64_t decision;  /* 1, 2, ... */
    bool lost_cluster; /* since the last decision */
    int32_t clusters;
};

static const struct option_spec options[] = {
    REQUEST_OPTION,
    {0},
};

static double seconds_left(struct wang_online *s, const struct view *view, int32_t id)
{
    return remaining_s(view, id, request_of(&s->sweep.requests, view, id));
}

/* Who runs counts as shorter by a part in a thousand million: see shortest.c. */
static struct lane_key key(void *arg, const struct view *view, int32_t id)
{
    double rank = seconds_left(arg, view, id);

    if (view->task[id].state == TASK_RUNNING)
        rank *= 1 - 1e-9;
    return (struct lane_key){rank, 0};
}

static int32_t where(void *arg, int32_t task)
{
    const struct wang_online *s = arg;

    return s->home.item[task];
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct wang_online *s = state;
    struct sweep_rules rules = {.key = key, .arg = s, .where = where, .preempts = true};

    (void)err;
    s->clusters = setup->catalog->clusters;
    s->branch = xcalloc((size_t)s->clusters, sizeof *s->branch);
    sweep_init(&s->sweep, setup, &rules);
    return 0;
}

static void release(void *state)
{
    struct wang_online *s = state;

    for (int32_t c = 0; s->branch && c < s->clusters; c++)
        vector_release(&s->branch[c].sent);
    free(s->branch);
    vector_release(&s->home);
    sweep_release(&s->sweep);
}

static double share_of(struct wang_online *s, const struct view *view, int32_t id, int32_t cluster)
{
    return allocation_dominant_share(request_of(&s->sweep.requests, view, id),
                                     &view->catalog->cluster[cluster].capacity);
}

static bool is_there(const struct wang_online *s, const struct view *view, int32_t id,
                     int32_t cluster)
{
    enum task_state state = view->task[id].state;

    return (state == TASK_WAITING || state == TASK_RUNNING) && s->home.item[id] == cluster;
}

/* Who waits has the same to do all along, unless the model learns: it is asked only once. */
static void look_at_one(struct wang_online *s, const struct view *view, struct sent *sent,
                        int32_t cluster)
{
    const struct task *task = &view->task[sent->task];
    int32_t version = estimator_version(view->estimator, task->type);

    if (sent->version == version && sent->since_s == task->since_s && task->state == TASK_WAITING)
        return;
    sent->version = task->state == TASK_WAITING ? version : -1;
    sent->since_s = task->since_s;
    sent->left_s = seconds_left(s, view, sent->task);
    sent->load_s = sent->left_s * share_of(s, view, sent->task, cluster);
}

/* Strikes out who is done on the way. */
static void look_at(struct wang_online *s, const struct view *view, int32_t cluster)
{
    struct branch *branch = &s->branch[cluster];

    for (size_t i = 0; i < branch->sent.count;) {
        struct sent *sent = &branch->sent.item[i];

        if (!is_there(s, view, sent->task, cluster)) {
            *sent = vector_pop(&branch->sent);
            continue;
        }
        look_at_one(s, view, sent, cluster);
        i++;
    }
    branch->looked_at = s->decision;
}

/* What the task would add to the sum of completion times. */
static double added_s(struct wang_online *s, const struct view *view, int32_t id, int32_t cluster)
{
    const struct task *task = &view->task[id];
    const struct branch *branch = &s->branch[cluster];
    double data_mb = view->catalog->type[task->type].data_mb;
    double own_s = seconds_left(s, view, id), own_load_s = own_s * share_of(s, view, id, cluster);
    double sum_s = own_s + catalog_transfer_s(view->catalog, task->home, cluster, data_mb);

    if (branch->looked_at != s->decision)
        look_at(s, view, cluster);
    for (size_t i = 0; i < branch->sent.count; i++) {
        const struct sent *other = &branch->sent.item[i];

        sum_s += other->left_s <= own_s ? other->load_s : own_load_s;
    }
    return sum_s;
}

/* Whoever is dispatched anew is not to be counted where he was. */
static void take_back(struct wang_online *s, int32_t id)
{
    int32_t home = s->home.item[id];

    if (home >= 0)
        s->branch[home].looked_at = 0;
    s->home.item[id] = -1;
}

static void send_to(struct wang_online *s, const struct view *view, int32_t id, int32_t cluster)
{
    struct sent sent = {.task = id, .version = -1};

    s->home.item[id] = cluster;
    look_at_one(s, view, &sent, cluster);
    vector_push(&s->branch[cluster].sent, sent);
}

static bool could_run(struct wang_online *s, const struct view *view, int32_t id, int32_t cluster)
{
    if (view->catalog->window > 0 && view_find_slot(view, cluster, id) < 0)
        return false;
    return allocation_fits(request_of(&s->sweep.requests, view, id),
                           &view->catalog->cluster[cluster].capacity);
}

static void dispatch(struct wang_online *s, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;
    int32_t best = -1;
    double least = 0;
    bool any_up = false;

    take_back(s, id);
    for (int32_t i = 0; i < reach->count; i++)
        any_up |= view->cluster[reach->cluster[i]].up && could_run(s, view, id, reach->cluster[i]);
    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i];
        double sum_s;

        if (!could_run(s, view, id, cluster) || (any_up && !view->cluster[cluster].up))
            continue;
        sum_s = added_s(s, view, id, cluster);
        if (best < 0 || sum_s < least) {
            best = cluster;
            least = sum_s;
        }
    }
    if (best >= 0)
        send_to(s, view, id, best);
}

/* With windows a task is dispatched among the clusters that show it, when one first does. */
static void dispatch_shown(struct wang_online *s, const struct view *view)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (uint64_t left = view->cluster[c].occupied; left; left &= left - 1) {
            int32_t id = view->cluster[c].slot[__builtin_ctzll(left)], home = s->home.item[id];

            if (home < 0 || view_find_slot(view, home, id) < 0)
                dispatch(s, view, id);
        }
}

/* Away from clusters that went down. */
static void dispatch_lost(struct wang_online *s, const struct view *view)
{
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        if (!view->cluster[s->home.item[id]].up) {
            dispatch(s, view, id);
            sweep_enter(&s->sweep, view, id);
        }
}

static void dispatch_new(struct wang_online *s, const struct view *view)
{
    while (s->home.count < (size_t)view->tasks)
        vector_push(&s->home, -1);
    s->decision++;
    if (view->catalog->window > 0) {
        dispatch_shown(s, view);
        return;
    }
    for (int32_t i = 0; i < view->arrivals; i++)
        if (s->home.item[view->arrived[i]] < 0)
            dispatch(s, view, view->arrived[i]);
    if (s->lost_cluster)
        dispatch_lost(s, view);
    s->lost_cluster = false;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct wang_online *s = state;

    dispatch_new(s, view);
    sweep_note(&s->sweep, view);
    sweep_decide(&s->sweep, view, plan);
}

static void observe(void *state, const struct event *event)
{
    struct wang_online *s = state;

    s->lost_cluster |= event->kind == EVENT_CLUSTER_DOWN;
}

const struct policy_ops policy_wang_online = {
    .name = "wang-online",
    .summary = "dispatches where it adds least, shortest remaining time first inside clusters",
    .source = "Wang et al., IEEE JSAC 2022, as far as described",
    .info = INFO_ORACLE,
    .traits = POLICY_PREEMPTIVE | POLICY_MIGRATING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct wang_online),
    .init = init,
    .decide = decide,
    .observe = observe,
    .release = release,
};
