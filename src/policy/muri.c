/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At every arrival and end all tasks are dealt out anew:
 *
 * 1. Tasks are gone through in order of priority. Whoever would still find room for itself alone,
 * in clusters that are filled up in this order, claims a place for itself and for the next three
 *    that ask for the same and may run there.
 * 2. On each cluster those who claimed or were claimed are merged to groups while they ask for more
 *    than it has (policy/merge.h).
 * 3. Groups in which an iteration takes longer than all members' own one after the other are taken
 *    apart again. In the order of their first members, groups find their room; the others wait.
 * 4. The largest are placed first. A group goes on with an allocation that one of its members
 * holds, if it can, and its other members come to it.
 *
 * In a world with one start per slot and cluster a group comes together as its turns allow. Running
 * tasks whose progress a move would cost come before all others and share with nobody.
 */
#include "policy/muri.h"

#include <math.h>
#include <string.h>

#include "core/estimator.h"
#include "core/event.h"

void muri_init(struct muri *muri, const struct policy_setup *setup, muri_rank_fn rank)
{
    int64_t most = params_int(setup->params, "group");

    muri->rank = rank;
    muri->round_s = params_real(setup->params, "round");
    muri->unpacks = params_flag(setup->params, "unpack");
    muri->most = most < setup->catalog->sharing.most ? (int)most : setup->catalog->sharing.most;
    muri->due = true;
    merger_init(&muri->merger, setup->catalog, muri->most,
                params_choice(setup->params, "merge") == 0);
    muri->estimator = setup->estimator;
    muri->targets.rigid = true;
    muri->targets.restarts = params_flag(setup->params, "restarts");
    requests_init(&muri->requests, setup);
    room_init(&muri->room, setup->catalog);
}

void muri_release(void *state)
{
    struct muri *s = state;

    requests_release(&s->requests);
    targets_release(&s->targets);
    room_release(&s->room);
    merger_release(&s->merger);
    vector_release(&s->line);
    vector_release(&s->asked);
    vector_release(&s->choice);
    vector_release(&s->led);
    vector_release(&s->in_order);
    id_set_release(&s->kept);
}

void muri_observe(void *state, const struct event *event)
{
    struct muri *s = state;

    switch (event->kind) {
    case EVENT_START:
    case EVENT_RESIZE:
    case EVENT_PREEMPT:
    case EVENT_MIGRATE:
    case EVENT_REFUSED:
        break;
    default:
        s->due = true;
    }
}

/* The line */

static int compare_entrants(const void *a, const void *b)
{
    const struct muri_entrant *left = a, *right = b;

    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left->task - right->task;
}

/* Index of a request, which is added if it is new. */
static int32_t find_request(struct muri *s, const struct allocation *amount)
{
    for (size_t k = 0; k < s->asked.count; k++)
        if (allocation_equal(&s->asked.item[k].amount, amount))
            return (int32_t)k;
    vector_push(&s->asked, ((struct muri_request){.amount = *amount}));
    return (int32_t)s->asked.count - 1;
}

static void rank_entrant(struct muri *s, const struct view *view, struct muri_entrant *entrant)
{
    const struct task *task = &view->task[entrant->task];

    entrant->rank = s->rank(view, entrant->task, &s->asked.item[entrant->asks].amount);
    if (task->state == TASK_RUNNING && !view->catalog->type[task->type].preempt_keeps)
        entrant->rank = -HUGE_VAL;
    entrant->waits_since_s = task->state == TASK_WAITING ? task->since_s : -1;
    entrant->version = s->estimator ? estimator_version(s->estimator, task->type) : 0;
}

static struct muri_entrant entrant_of(struct muri *s, const struct view *view, int32_t id)
{
    struct muri_entrant entrant = {
        .task = id, .asks = find_request(s, request_of(&s->requests, view, id)), .next = -1};

    rank_entrant(s, view, &entrant);
    return entrant;
}

/* While a task waits its rank stays as it is, unless more has been learnt of its type. */
static void renew_entrant(struct muri *s, const struct view *view, struct muri_entrant *entrant)
{
    const struct task *task = &view->task[entrant->task];

    entrant->next = -1;
    entrant->claimed = false;
    if (task->state != TASK_WAITING || task->since_s != entrant->waits_since_s ||
        (s->estimator && estimator_version(s->estimator, task->type) != entrant->version))
        rank_entrant(s, view, entrant);
}

/* Links the entrants that ask for the same. */
static void link_up(struct muri *s)
{
    for (size_t k = 0; k < s->asked.count; k++) {
        s->asked.item[k].last = -1;
        s->asked.item[k].refused.cluster = NULL;
    }
    for (int32_t i = 0; (size_t)i < s->line.count; i++) {
        struct muri_request *request = &s->asked.item[s->line.item[i].asks];

        if (request->last >= 0)
            s->line.item[request->last].next = i;
        request->last = i;
    }
}

/* Whether the view shows the task among those that run or wait. */
static bool is_there(const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];

    return task->state == TASK_RUNNING ||
           (task->state == TASK_WAITING && (task->prev_waiting >= 0 || view->first_waiting == id));
}

/* Those who are still there as they stood, and the new ones behind them. */
static void renew_line(struct muri *s, const struct view *view)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->line.count; i++)
        if (is_there(view, s->line.item[i].task)) {
            renew_entrant(s, view, &s->line.item[i]);
            s->line.item[kept++] = s->line.item[i];
        }
    s->line.count = kept;
    for (; s->known < view->tasks; s->known++)
        if (is_there(view, s->known))
            vector_push(&s->line, entrant_of(s, view, s->known));
}

static void make_line(struct muri *s, const struct view *view)
{
    vector_clear(&s->line);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            vector_push(&s->line, entrant_of(s, view, view->cluster[c].running[i]));
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting)
        vector_push(&s->line, entrant_of(s, view, id));
}

/* By insertion: from one decision to the next few change places. If many have, in the usual way. */
static void sort_line(struct muri *s)
{
    size_t moves = 0, most = 16 * s->line.count;

    for (size_t i = 1; i < s->line.count && moves <= most; i++) {
        struct muri_entrant entrant = s->line.item[i];
        size_t k = i;

        for (; k > 0 && compare_entrants(&s->line.item[k - 1], &entrant) > 0; k--)
            s->line.item[k] = s->line.item[k - 1];
        s->line.item[k] = entrant;
        moves += i - k;
    }
    if (moves > most)
        vector_sort(&s->line, compare_entrants);
}

static void line_up(struct muri *s, const struct view *view)
{
    renew_line(s, view);
    if (s->line.count != (size_t)(view->running + view->waiting))
        make_line(s, view);
    sort_line(s);
    link_up(s);
}

/* Claims */

static bool may_share(const struct muri *s, const struct view *view, int32_t id)
{
    return merge_may(&s->merger, view->task[id].type);
}

static bool may_run(const struct view *view, int32_t id, int32_t cluster)
{
    const struct task *task = &view->task[id];

    if (task->state == TASK_RUNNING)
        return view->cluster[cluster].up && reach_has(&task->reach, cluster);
    return view_may_start(view, id, cluster);
}

/* Where it fits best; a cluster where it runs comes before others. */
static int32_t find_room(const struct muri *s, const struct view *view, int32_t id,
                         const struct allocation *request)
{
    const struct task *task = &view->task[id];
    int32_t best = -1;
    double least = 0;

    if (task->state == TASK_RUNNING && room_fits(&s->room, view, task->cluster, request))
        return task->cluster;
    for (int32_t i = 0; i < task->reach.count; i++) {
        int32_t c = task->reach.cluster[i];
        double left;

        if (!may_run(view, id, c) || !room_fits(&s->room, view, c, request))
            continue;
        left = allocation_dominant_share(&s->room.free[c], &view->catalog->cluster[c].capacity);
        if (best < 0 || left < least) {
            best = c;
            least = left;
        }
    }
    return best;
}

static void claim(struct muri *s, const struct view *view, int32_t place, int32_t cluster,
                  const struct allocation *request)
{
    int most = may_share(s, view, s->line.item[place].task) ? s->most : 1, claims = 0;

    for (int32_t at = place; at >= 0 && claims < most; at = s->line.item[at].next) {
        struct muri_entrant *entrant = &s->line.item[at];

        if (entrant->claimed || !may_run(view, entrant->task, cluster) ||
            (at != place && !may_share(s, view, entrant->task)))
            continue;
        entrant->claimed = true;
        claims++;
        merger_add(&s->merger, cluster, request, at, view->task[entrant->task].type);
    }
}

/* Room only shrinks while claims are made; with windows who may start where depends on the task. */
static bool is_refused(const struct muri_request *request, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];

    return task->state == TASK_WAITING && view->catalog->window == 0 && request->refused.cluster &&
           request->refused.cluster == task->reach.cluster &&
           request->refused.count == task->reach.count;
}

static void claim_all(struct muri *s, const struct view *view)
{
    room_clear(&s->room, view);
    merger_clear(&s->merger);
    for (int32_t i = 0; (size_t)i < s->line.count; i++) {
        int32_t id = s->line.item[i].task, cluster;
        struct muri_request *request = &s->asked.item[s->line.item[i].asks];

        if (s->line.item[i].claimed || is_refused(request, view, id))
            continue;
        cluster = find_room(s, view, id, &request->amount);
        if (cluster < 0 && view->task[id].state == TASK_WAITING)
            request->refused = view->task[id].reach;
        if (cluster < 0)
            continue;
        room_take(&s->room, view, cluster, &request->amount);
        claim(s, view, i, cluster, &request->amount);
    }
}

/* Choices */

static int32_t first_place(const struct merge_group *group)
{
    int32_t first = group->member[0];

    for (int i = 1; i < group->members; i++)
        first = group->member[i] < first ? group->member[i] : first;
    return first;
}

/* No two choices have a first one in common. */
static void sort_choices(struct muri *s)
{
    vector_clear(&s->led);
    vector_clear(&s->in_order);
    for (size_t i = 0; i < s->line.count; i++)
        vector_push(&s->led, -1);
    for (size_t i = 0; i < s->choice.count; i++)
        s->led.item[s->choice.item[i].first] = (int32_t)i;
    for (size_t i = 0; i < s->line.count; i++)
        if (s->led.item[i] >= 0)
            vector_push(&s->in_order, s->choice.item[s->led.item[i]]);
    memcpy(s->choice.item, s->in_order.item, s->choice.count * sizeof *s->choice.item);
}

/* The largest first, then as before. */
static int compare_sizes(const void *a, const void *b)
{
    const struct muri_choice *left = a, *right = b;

    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return left->first - right->first;
}

/* Groups of one behind the others of their bucket, in place of a group that is no gain. */
static void unpack(struct muri *s)
{
    for (size_t b = 0; b < s->merger.buckets; b++) {
        struct merge_bucket *bucket = &s->merger.bucket.item[b];
        size_t groups = bucket->group.count;

        for (size_t i = 0; i < groups; i++) {
            struct merge_group group = bucket->group.item[i];

            if (group.members == 1 ||
                merge_period(&s->merger, &group) <= merge_periods_apart(&s->merger, &group))
                continue;
            bucket->group.item[i].members = 1;
            for (int k = 1; k < group.members; k++)
                merger_add(&s->merger, bucket->cluster, &bucket->request, group.member[k],
                           group.type[k]);
        }
    }
}

static void choose(struct muri *s, const struct view *view)
{
    size_t kept = 0;

    vector_clear(&s->choice);
    for (size_t b = 0; b < s->merger.buckets; b++) {
        const struct merge_bucket *bucket = &s->merger.bucket.item[b];
        double size = allocation_dominant_share(&bucket->request, &view->catalog->total);

        for (size_t i = 0; i < bucket->group.count; i++)
            vector_push(&s->choice, ((struct muri_choice){bucket, &bucket->group.item[i], size,
                                                          first_place(&bucket->group.item[i])}));
    }
    if (s->choice.count == 0)
        return;
    sort_choices(s);
    room_clear(&s->room, view);
    for (size_t i = 0; i < s->choice.count; i++) {
        const struct merge_bucket *bucket = s->choice.item[i].bucket;

        if (!room_fits(&s->room, view, bucket->cluster, &bucket->request))
            continue;
        room_take(&s->room, view, bucket->cluster, &bucket->request);
        s->choice.item[kept++] = s->choice.item[i];
    }
    s->choice.count = kept;
    if (kept > 0)
        vector_sort(&s->choice, compare_sizes);
}

/* Seats */

static bool is_member(const struct muri *s, const struct merge_group *group, int32_t task)
{
    for (int i = 0; i < group->members; i++)
        if (s->line.item[group->member[i]].task == task)
            return true;
    return false;
}

/* How many of the group are where this member is; 0 if it cannot stay there. */
static int settled_there(const struct muri *s, const struct view *view,
                         const struct muri_choice *choice, int32_t task)
{
    const struct task *at = &view->task[task];
    int members = 1;

    if (at->state != TASK_RUNNING || at->cluster != choice->bucket->cluster ||
        id_set_has(&s->kept, task))
        return 0;
    for (int32_t id = at->companion; id >= 0 && id != task; id = view->task[id].companion)
        members += is_member(s, choice->group, id);
    return members;
}

/* Whom the others come to: the one with most of the group about it, else one that runs, else the
 * first. */
static int32_t find_host(const struct muri *s, const struct view *view,
                         const struct muri_choice *choice)
{
    int32_t best = s->line.item[choice->group->member[0]].task;
    int most = -1;

    for (int i = 0; i < choice->group->members; i++) {
        int32_t id = s->line.item[choice->group->member[i]].task;
        int there = settled_there(s, view, choice, id) * 2 + (view->task[id].state == TASK_RUNNING);

        if (there > most) {
            most = there;
            best = id;
        }
    }
    return best;
}

static void keep_place(struct muri *s, const struct view *view, int32_t host)
{
    int32_t id = host;

    do {
        id_set_add(&s->kept, id);
        id = view->task[id].companion;
    } while (id >= 0 && id != host);
}

static void seat_all(struct muri *s, const struct view *view, struct plan *plan)
{
    targets_clear(&s->targets);
    id_set_clear(&s->kept);
    for (size_t i = 0; i < s->choice.count; i++) {
        const struct muri_choice *choice = &s->choice.item[i];
        int32_t host = find_host(s, view, choice);

        if (settled_there(s, view, choice, host) > 0)
            keep_place(s, view, host);
        targets_add(&s->targets, host, choice->bucket->cluster, &choice->bucket->request);
        for (int k = 0; k < choice->group->members; k++) {
            int32_t id = s->line.item[choice->group->member[k]].task;

            if (id != host)
                targets_add_guest(&s->targets, id, host);
        }
    }
    targets_plan(&s->targets, view, plan);
}

/* A plan that sends tasks back or moves them is given time until something happens, or tasks might
 * take turns for ever without getting anywhere. */
static bool only_adds(const struct plan *plan)
{
    for (int32_t i = 0; i < plan->actions; i++)
        if (plan->action[i].kind != ACTION_START && plan->action[i].kind != ACTION_JOIN)
            return false;
    return true;
}

/* Whether to go on in the next slot: some of those who are to run do not yet, for want of a turn,
 * or windows will show others. */
static bool is_unfinished(const struct muri *s, const struct view *view, const struct plan *plan)
{
    if (view->catalog->slot_s == 0 || (view->running > 0 && !only_adds(plan)))
        return false;
    if (view->catalog->window > 0 && plan->actions > 0)
        return true;
    for (size_t i = 0; i < s->targets.item.count; i++) {
        int32_t id = s->targets.item.item[i].task;

        if (view->task[id].state == TASK_WAITING && !plan_has(plan, id))
            return true;
    }
    return false;
}

void muri_decide(void *state, const struct view *view, struct plan *plan)
{
    struct muri *s = state;

    if (!rounds_due(s->round_s, view, plan) || !s->due)
        return;
    line_up(s, view);
    claim_all(s, view);
    merge_all(&s->merger);
    if (s->unpacks)
        unpack(s);
    choose(s, view);
    seat_all(s, view, plan);
    s->due = is_unfinished(s, view, plan);
}
