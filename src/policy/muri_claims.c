/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who ask for the same wait in one queue, in order of priority; a heap of queues has the one
 * with the first of all on top. Queues are kept from one decision to the next, as is the line of
 * those who run: only who came, began or ended is sorted in, and the ranks of those who wait are
 * reckoned again when more has been learnt of their types.
 */
#include "policy/muri_claims.h"

#include <math.h>
#include <string.h>

#include "core/estimator.h"

void muri_claims_init(struct muri_claims *claims, const struct policy_setup *setup,
                      muri_rank_fn rank, struct merger *merger, int most)
{
    claims->rank = rank;
    claims->merger = merger;
    claims->most = most;
    claims->missed = true;
    claims->decision = -1;
    claims->estimator = setup->estimator;
    requests_init(&claims->requests, setup);
    room_init(&claims->room, setup->catalog);
}

void muri_claims_release(struct muri_claims *claims)
{
    requests_release(&claims->requests);
    room_release(&claims->room);
    for (size_t k = 0; k < claims->asked.count; k++)
        vector_release(&claims->asked.item[k].waiting);
    vector_release(&claims->task);
    vector_release(&claims->asked);
    vector_release(&claims->size);
    vector_release(&claims->version);
    vector_release(&claims->fresh);
    vector_release(&claims->hoped);
    vector_release(&claims->line);
    vector_release(&claims->head);
    vector_release(&claims->claim);
    id_set_release(&claims->claimed);
}

static bool comes_before(double rank, int32_t task, double other_rank, int32_t other)
{
    return rank < other_rank || (rank == other_rank && task < other);
}

/* Requests */

static int32_t size_index(struct muri_claims *s, double size)
{
    int32_t at = 0;

    while ((size_t)at < s->size.count && s->size.item[at] > size)
        at++;
    if ((size_t)at < s->size.count && s->size.item[at] == size)
        return at;
    vector_push(&s->size, size);
    for (size_t i = s->size.count - 1; i > (size_t)at; i--)
        s->size.item[i] = s->size.item[i - 1];
    s->size.item[at] = size;
    for (size_t k = 0; k < s->asked.count; k++)
        s->asked.item[k].size += s->asked.item[k].size >= at;
    return at;
}

/* Index of a request, which is added if it is new. */
static int32_t find_request(struct muri_claims *s, const struct view *view,
                            const struct allocation *amount)
{
    struct muri_request request = {.amount = *amount};

    for (size_t k = 0; k < s->asked.count; k++)
        if (allocation_equal(&s->asked.item[k].amount, amount))
            return (int32_t)k;
    request.size = size_index(s, allocation_dominant_share(amount, &view->catalog->total));
    vector_push(&s->asked, request);
    return (int32_t)s->asked.count - 1;
}

/* What is known of a task, its request at least. */
static struct muri_task *know(struct muri_claims *s, const struct view *view, int32_t id)
{
    static const struct muri_task unknown = {.asks = -1, .waits_since_s = -1};
    struct muri_task *task;

    while (s->task.count <= (size_t)id)
        vector_push(&s->task, unknown);
    task = &s->task.item[id];
    if (task->asks < 0)
        task->asks = find_request(s, view, request_of(&s->requests, view, id));
    return task;
}

static double rank_of(const struct muri_claims *s, const struct view *view, int32_t id,
                      const struct muri_request *request)
{
    return s->rank(view, id, &request->amount, s->size.item[request->size]);
}

static struct muri_request *request_asked(const struct muri_claims *s, int32_t id)
{
    return &s->asked.item[s->task.item[id].asks];
}

/* Those who wait */

static bool waits(const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];

    return task->state == TASK_WAITING && (task->prev_waiting >= 0 || view->first_waiting == id);
}

/* Among those who ask for the same, the place of the first that does not come behind. */
static size_t place_among(const struct muri_request *request, double rank, int32_t task)
{
    size_t low = 0, high = request->waiting.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct muri_entrant *at = &request->waiting.item[middle];

        if (comes_before(rank, task, at->rank, at->task))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* While a task waits its rank stays as it is, unless more has been learnt of its type. */
static void rank_waiting(struct muri_claims *s, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    struct muri_task *known = know(s, view, id);
    int32_t version = s->estimator ? estimator_version(s->estimator, task->type) : 0;

    if (known->waits_since_s == task->since_s && known->version == version)
        return;
    known->rank = rank_of(s, view, id, &s->asked.item[known->asks]);
    known->waits_since_s = task->since_s;
    known->version = version;
}

static void list(struct muri_claims *s, const struct view *view, int32_t id)
{
    struct muri_request *request;
    struct muri_entrant entrant = {.task = id};
    size_t at;

    rank_waiting(s, view, id);
    entrant.rank = s->task.item[id].rank;
    request = request_asked(s, id);
    at = place_among(request, entrant.rank, id);
    vector_push(&request->waiting, entrant);
    memmove(request->waiting.item + at + 1, request->waiting.item + at,
            (request->waiting.count - 1 - at) * sizeof entrant);
    request->waiting.item[at] = entrant;
    s->task.item[id].listed = true;
    s->listed++;
}

static void strike_out(struct muri_claims *s, int32_t id)
{
    struct muri_request *request = request_asked(s, id);
    size_t at = place_among(request, s->task.item[id].rank, id);

    request->waiting.count--;
    memmove(request->waiting.item + at, request->waiting.item + at + 1,
            (request->waiting.count - at) * sizeof *request->waiting.item);
    s->task.item[id].listed = false;
    s->listed--;
}

static int compare_entrants(const void *a, const void *b)
{
    const struct muri_entrant *left = a, *right = b;

    return comes_before(left->rank, left->task, right->rank, right->task) ? 1 : -1;
}

static void list_all(struct muri_claims *s, const struct view *view)
{
    for (size_t i = 0; i < s->task.count; i++)
        s->task.item[i].listed = false;
    for (size_t k = 0; k < s->asked.count; k++)
        vector_clear(&s->asked.item[k].waiting);
    s->listed = 0;
    for (int32_t id = view->first_waiting; id >= 0; id = view->task[id].next_waiting) {
        rank_waiting(s, view, id);
        vector_push(&request_asked(s, id)->waiting,
                    ((struct muri_entrant){s->task.item[id].rank, id}));
        s->task.item[id].listed = true;
        s->listed++;
    }
    for (size_t k = 0; k < s->asked.count; k++)
        vector_sort(&s->asked.item[k].waiting, compare_entrants);
}

/* Whether more has been learnt of any type since those who wait were ranked. */
static bool has_learnt(struct muri_claims *s, const struct view *view)
{
    bool learnt = false;

    if (!s->estimator || !s->estimator->ops->version)
        return false;
    for (int32_t type = 0; type < view->catalog->types; type++) {
        int32_t version = estimator_version(s->estimator, type);

        if ((size_t)type == s->version.count)
            vector_push(&s->version, version);
        learnt |= s->version.item[type] != version;
        s->version.item[type] = version;
    }
    return learnt;
}

static bool is_listed(const struct muri_claims *s, int32_t id)
{
    return (size_t)id < s->task.count && s->task.item[id].listed;
}

/* Who came is in the views; who left was started by the last plan, or left some other way: then the
 * number is wrong, and all are listed anew. */
static void list_changes(struct muri_claims *s, const struct view *view)
{
    for (size_t i = 0; i < s->hoped.count; i++)
        if (is_listed(s, s->hoped.item[i]) && !waits(view, s->hoped.item[i]))
            strike_out(s, s->hoped.item[i]);
    for (size_t i = 0; i < s->fresh.count; i++) {
        if (is_listed(s, s->fresh.item[i]))
            strike_out(s, s->fresh.item[i]);
        if (waits(view, s->fresh.item[i]))
            list(s, view, s->fresh.item[i]);
    }
    if (has_learnt(s, view) || s->missed || s->listed != view->waiting)
        list_all(s, view);
    vector_clear(&s->fresh);
    s->missed = false;
}

void muri_claims_note(struct muri_claims *s, const struct view *view)
{
    s->missed |= view->decision != s->decision + 1;
    s->decision = view->decision;
    for (int32_t i = 0; i < view->arrivals; i++)
        vector_push(&s->fresh, view->arrived[i]);
}

/* Those who run */

static void rank_runner(struct muri_claims *s, const struct view *view, struct muri_runner *runner)
{
    const struct task *task = &view->task[runner->task];

    runner->claimed = false;
    runner->next = -1;
    runner->rank = view->catalog->type[task->type].preempt_keeps
                       ? rank_of(s, view, runner->task, &s->asked.item[runner->asks])
                       : -HUGE_VAL;
}

static void add_runner(struct muri_claims *s, const struct view *view, int32_t id)
{
    struct muri_runner runner = {.reach = view->task[id].reach.bits, .task = id};

    if (view->task[id].state != TASK_RUNNING)
        return;
    runner.asks = know(s, view, id)->asks;
    runner.may_share = merge_may(s->merger, view->task[id].type);
    rank_runner(s, view, &runner);
    vector_push(&s->line, runner);
}

/* Those who run on as they stood, and the new ones behind them. */
static void renew_line(struct muri_claims *s, const struct view *view)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->line.count; i++)
        if (view->task[s->line.item[i].task].state == TASK_RUNNING) {
            rank_runner(s, view, &s->line.item[i]);
            s->line.item[kept++] = s->line.item[i];
        }
    s->line.count = kept;
    for (size_t i = 0; i < s->hoped.count; i++)
        add_runner(s, view, s->hoped.item[i]);
    if (s->line.count == (size_t)view->running)
        return;
    vector_clear(&s->line);
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        for (int32_t i = 0; i < view->cluster[c].runnings; i++)
            add_runner(s, view, view->cluster[c].running[i]);
}

static int compare_runners(const void *a, const void *b)
{
    const struct muri_runner *left = a, *right = b;

    return comes_before(left->rank, left->task, right->rank, right->task) ? -1 : 1;
}

/* By insertion: from one decision to the next few change places. If many have, in the usual way. */
static void sort_line(struct muri_claims *s)
{
    size_t moves = 0, most = 16 * s->line.count;

    for (size_t i = 1; i < s->line.count && moves <= most; i++) {
        struct muri_runner runner = s->line.item[i];
        size_t k = i;

        for (; k > 0 && comes_before(runner.rank, runner.task, s->line.item[k - 1].rank,
                                     s->line.item[k - 1].task);
             k--)
            s->line.item[k] = s->line.item[k - 1];
        s->line.item[k] = runner;
        moves += i - k;
    }
    if (moves > most)
        vector_sort(&s->line, compare_runners);
}

/* Links those who run and ask for the same. */
static void link_up(struct muri_claims *s)
{
    for (size_t k = 0; k < s->asked.count; k++)
        s->asked.item[k].next_running = s->asked.item[k].last_running = -1;
    for (int32_t i = 0; (size_t)i < s->line.count; i++) {
        struct muri_request *request = &s->asked.item[s->line.item[i].asks];

        if (request->last_running >= 0)
            s->line.item[request->last_running].next = i;
        else
            request->next_running = i;
        request->last_running = i;
    }
}

static void line_up(struct muri_claims *s, const struct view *view)
{
    list_changes(s, view);
    renew_line(s, view);
    vector_clear(&s->hoped);
    sort_line(s);
    link_up(s);
}

/* The heap of requests: that of the first who waits, and was not passed yet, on top */

static const struct muri_entrant *first_of(const struct muri_claims *s, int32_t request)
{
    return &s->asked.item[request].waiting.item[s->asked.item[request].left - 1];
}

static bool is_ahead(const struct muri_claims *s, int32_t request, int32_t other)
{
    const struct muri_entrant *a = first_of(s, request), *b = first_of(s, other);

    return comes_before(a->rank, a->task, b->rank, b->task);
}

static void sift_down(struct muri_claims *s, size_t at)
{
    int32_t *head = s->head.item, moved = head[at];

    for (;;) {
        size_t child = 2 * at + 1;

        child += child + 1 < s->head.count && is_ahead(s, head[child + 1], head[child]);
        if (child >= s->head.count || !is_ahead(s, head[child], moved))
            break;
        head[at] = head[child];
        at = child;
    }
    head[at] = moved;
}

static void open_queues(struct muri_claims *s)
{
    vector_clear(&s->head);
    for (int32_t k = 0; (size_t)k < s->asked.count; k++) {
        struct muri_request *request = &s->asked.item[k];

        request->left = request->waiting.count;
        request->claimed = request->refusals = 0;
        request->refused.cluster = NULL;
        request->full = false;
        if (request->left > 0)
            vector_push(&s->head, k);
    }
    for (size_t at = s->head.count / 2; at-- > 0;)
        sift_down(s, at);
}

/* Who stands behind the first in the heap's first queue is its first now; a queue of which nobody
 * matters any more is closed. */
static void go_on(struct muri_claims *s)
{
    const struct muri_request *request = &s->asked.item[s->head.item[0]];

    if (request->left == 0 || (request->full && request->claimed == 0))
        s->head.item[0] = vector_pop(&s->head);
    if (s->head.count > 0)
        sift_down(s, 0);
}

/* Claims */

/* Either may be NULL: there is none. */
static bool is_runner_first(const struct muri_runner *runner, const struct muri_entrant *entrant)
{
    return runner &&
           (!entrant || comes_before(runner->rank, runner->task, entrant->rank, entrant->task));
}

static bool may_run(const struct view *view, int32_t id, int32_t cluster)
{
    const struct task *task = &view->task[id];

    if (task->state == TASK_RUNNING)
        return view->cluster[cluster].up && reach_has(&task->reach, cluster);
    return view_may_start(view, id, cluster);
}

/* Where it fits best; a cluster where it runs comes before others. */
static int32_t find_room(const struct muri_claims *s, const struct view *view, int32_t id,
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

static void add_claim(struct muri_claims *s, const struct view *view, struct merge_bucket *bucket,
                      int32_t id, int32_t place)
{
    s->task.item[id].claim = (int32_t)s->claim.count;
    merger_add(bucket, (int32_t)s->claim.count, view->task[id].type);
    vector_push(&s->claim, ((struct muri_claim){id, place}));
}

/* Claims a running task for a cluster, unless it was claimed before or may not come. */
static bool claim_runner(struct muri_claims *s, const struct view *view,
                         struct merge_bucket *bucket, struct muri_runner *runner)
{
    if (runner->claimed || !runner->may_share || !(runner->reach >> (bucket->cluster & 63) & 1) ||
        !may_run(view, runner->task, bucket->cluster))
        return false;
    runner->claimed = true;
    add_claim(s, view, bucket, runner->task, -1);
    return true;
}

static bool claim_waiting(struct muri_claims *s, const struct view *view,
                          struct muri_request *request, struct merge_bucket *bucket, int32_t id)
{
    if (id_set_has(&s->claimed, id) || !view_may_start(view, id, bucket->cluster) ||
        !merge_may(s->merger, view->task[id].type))
        return false;
    id_set_add(&s->claimed, id);
    request->claimed++;
    add_claim(s, view, bucket, id, -1);
    return true;
}

/* Claims a place on a cluster for a task that is being passed, and those behind it. */
static void claim(struct muri_claims *s, const struct view *view, struct muri_request *request,
                  int32_t id, int32_t cluster)
{
    struct merge_bucket *bucket = merger_bucket(s->merger, cluster, &request->amount);
    int more = merge_may(s->merger, view->task[id].type) ? s->most - 1 : 0;
    int32_t running = request->next_running;
    size_t left = request->left;

    add_claim(s, view, bucket, id, s->places);
    while (more > 0 && (left > 0 || running >= 0)) {
        struct muri_runner *runner = running >= 0 ? &s->line.item[running] : NULL;
        const struct muri_entrant *entrant = left > 0 ? &request->waiting.item[left - 1] : NULL;

        if (is_runner_first(runner, entrant)) {
            running = runner->next;
            more -= claim_runner(s, view, bucket, runner);
        } else {
            left--;
            more -= claim_waiting(s, view, request, bucket, entrant->task);
        }
    }
}

static void set_place(struct muri_claims *s, int32_t id)
{
    s->claim.item[s->task.item[id].claim].place = s->places;
}

/* Finds room for a task, and claims it. */
static bool settle(struct muri_claims *s, const struct view *view, struct muri_request *request,
                   int32_t id)
{
    int32_t cluster = find_room(s, view, id, &request->amount);

    if (cluster < 0)
        return false;
    room_take(&s->room, view, cluster, &request->amount);
    claim(s, view, request, id, cluster);
    return true;
}

/* No room was found. After as many times as there are clusters it is worth looking at all of these.
 */
static void note_refusal(struct muri_claims *s, const struct view *view,
                         struct muri_request *request)
{
    bool fits = false;

    if (++request->refusals % view->catalog->clusters != 0)
        return;
    for (int32_t c = 0; c < view->catalog->clusters && !fits; c++)
        fits = room_fits(&s->room, view, c, &request->amount);
    request->full = !fits;
}

static void pass_runner(struct muri_claims *s, const struct view *view, struct muri_runner *runner)
{
    struct muri_request *request = &s->asked.item[runner->asks];

    request->next_running = runner->next;
    if (runner->claimed)
        set_place(s, runner->task);
    else if (!request->full && !settle(s, view, request, runner->task))
        note_refusal(s, view, request);
}

/* Room only shrinks while claims are made; with windows who may start where depends on the task. */
static bool is_refused(const struct muri_request *request, const struct view *view, int32_t id)
{
    const struct reach *reach = &view->task[id].reach;

    return view->catalog->window == 0 && request->refused.cluster &&
           request->refused.cluster == reach->cluster && request->refused.count == reach->count;
}

/* The first of the heap's first queue. */
static void pass_first(struct muri_claims *s, const struct view *view)
{
    struct muri_request *request = &s->asked.item[s->head.item[0]];
    int32_t id = request->waiting.item[--request->left].task;

    if (id_set_has(&s->claimed, id)) {
        request->claimed--;
        set_place(s, id);
    } else if (!request->full && !is_refused(request, view, id) && !settle(s, view, request, id)) {
        request->refused = view->task[id].reach;
        note_refusal(s, view, request);
    }
    go_on(s);
}

void muri_claims_make(struct muri_claims *s, const struct view *view)
{
    size_t runners = 0;

    line_up(s, view);
    room_clear(&s->room, view);
    merger_clear(s->merger);
    vector_clear(&s->claim);
    id_set_clear(&s->claimed);
    open_queues(s);
    for (s->places = 0; runners < s->line.count || s->head.count > 0; s->places++) {
        struct muri_runner *runner = runners < s->line.count ? &s->line.item[runners] : NULL;
        const struct muri_entrant *first = s->head.count > 0 ? first_of(s, s->head.item[0]) : NULL;

        if (is_runner_first(runner, first)) {
            pass_runner(s, view, runner);
            runners++;
        } else {
            pass_first(s, view);
        }
    }
}

int32_t muri_claims_size(const struct muri_claims *s, int32_t task)
{
    return request_asked(s, task)->size;
}
