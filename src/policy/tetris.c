/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tetris: packing by alignment. On a cluster with something free, of all waiting tasks whose
 * request fits the one with the highest score starts, until none fits:
 *
 *     score     = alignment - eps * work
 *     alignment = sum over resources of (request / capacity) * (free / capacity), less a tenth
 *                 where the task's data lies elsewhere
 *     work      = remaining seconds * sum over resources of request / capacity
 *     eps       = srtf * mean alignment / mean work, over the tasks that fit
 *
 * Of those that fit only the part 1 - fairness that are furthest below their fair share are looked
 * at; waiting tasks hold nothing, so these are the oldest.
 *
 * Good where requests differ in shape: it leaves less unused than any order by length or age. Bad
 * where they are alike (then it is close to sjf), and it does not choose requests: with small ones
 * it leaves an idle site idle.
 *
 * Class I3 with true speeds, I2 with a fitted model; with srtf=0 lengths do not matter (I0).
 *
 * Errors of known implementations that are not made here: adding work in place of subtracting it,
 * which favours long tasks (DL2's tetris_env.py; srtf=-1 does so for comparison); products that are
 * not normalised, in which the resource with the smallest unit decides; eps made once for all;
 * giving a cluster up when the best task does not fit. The rule for the last tasks of a stage
 * (b = 0.9) has nothing to act on here.
 *
 * Source: Grandl et al., "Multi-Resource Packing for Cluster Schedulers", SIGCOMM'14; the constants
 * from memory of the paper, the rest checked against pengyanghua/DL2 2e54920, read for facts.
 */
#include <math.h>

#include "core/policy.h"
#include "policy/registry.h"
#include "policy/remaining.h"
#include "policy/request.h"

struct piece {
    int32_t task;
    double demand, work;
};

struct tetris {
    struct requests requests;
    double srtf, fairness, remote;
    VECTOR(struct piece) pieces; /* that may fit the cluster at hand, by age */
    struct id_set touched;
};

static const struct option_spec options[] = {
    REQUEST_OPTION,
    {"srtf", OPTION_REAL, "1", .low = -100, .high = 100,
     .help = "weight of little remaining work against good packing; 0: none"},
    {"fairness", OPTION_REAL, "0.25", .low = 0, .high = 1,
     .help = "part of the tasks that must wait for those further below their fair share"},
    {"remote", OPTION_REAL, "0.1", .low = 0, .high = 1,
     .help = "part of the alignment lost away from the task's data"},
    {0},
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct tetris *s = state;

    (void)err;
    s->srtf = params_real(setup->params, "srtf");
    s->fairness = params_real(setup->params, "fairness");
    s->remote = params_real(setup->params, "remote");
    requests_init(&s->requests, setup);
    return 0;
}

static void release(void *state)
{
    struct tetris *s = state;

    requests_release(&s->requests);
    vector_release(&s->pieces);
    id_set_release(&s->touched);
}

static double part(const struct allocation *a, const struct allocation *capacity, int r)
{
    return capacity->amount[r] > 0 ? (double)a->amount[r] / capacity->amount[r] : 0;
}

static void add_piece(struct tetris *s, const struct view *view, struct plan *plan, int32_t cluster,
                      int32_t id)
{
    const struct allocation *capacity = &view->catalog->cluster[cluster].capacity;
    const struct allocation *request = request_of(&s->requests, view, id);
    struct piece piece = {.task = id};

    if (!plan_fits(plan, cluster, request) || !plan_may_start(plan, id, cluster))
        return;
    for (int r = 0; r < view->catalog->resources; r++)
        piece.demand += part(request, capacity, r);
    /* A task that never ends is as long as any can be. */
    piece.work = fmin(remaining_s(view, id, request), 1e30) * piece.demand;
    vector_push(&s->pieces, piece);
}

static double alignment(struct tetris *s, const struct view *view, struct plan *plan,
                        int32_t cluster, int32_t id)
{
    const struct allocation *capacity = &view->catalog->cluster[cluster].capacity;
    const struct allocation *request = request_of(&s->requests, view, id);
    const struct allocation *free = plan_free(plan, cluster);
    double sum = 0;

    for (int r = 0; r < view->catalog->resources; r++)
        sum += part(request, capacity, r) * part(free, capacity, r);
    return view->task[id].home == cluster ? sum : sum * (1 - s->remote);
}

static void drop_misfits(struct tetris *s, const struct view *view, struct plan *plan,
                         int32_t cluster)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->pieces.count; i++) {
        int32_t id = s->pieces.item[i].task;

        if (plan_may_start(plan, id, cluster) &&
            plan_fits(plan, cluster, request_of(&s->requests, view, id)))
            s->pieces.item[kept++] = s->pieces.item[i];
    }
    s->pieces.count = kept;
}

/* The piece with the highest score; ties go to the older task. */
static int32_t choose(struct tetris *s, const struct view *view, struct plan *plan, int32_t cluster)
{
    size_t eligible = (size_t)ceil((1 - s->fairness) * (double)s->pieces.count);
    double alignments = 0, works = 0, eps, most = 0;
    int32_t best = -1;

    eligible = eligible > 0 ? eligible : 1;
    for (size_t i = 0; i < s->pieces.count; i++) {
        alignments += alignment(s, view, plan, cluster, s->pieces.item[i].task);
        works += s->pieces.item[i].work;
    }
    eps = works > 0 ? s->srtf * alignments / works : 0;
    for (size_t i = 0; i < eligible; i++) {
        const struct piece *piece = &s->pieces.item[i];
        double score = alignment(s, view, plan, cluster, piece->task) - eps * piece->work;

        if (best < 0 || score > most) {
            best = piece->task;
            most = score;
        }
    }
    return best;
}

static void pack(struct tetris *s, const struct view *view, struct plan *plan, int32_t cluster)
{
    while (s->pieces.count > 0) {
        int32_t id = choose(s, view, plan, cluster);

        plan_start(plan, id, cluster, request_of(&s->requests, view, id));
        drop_misfits(s, view, plan, cluster);
    }
}

static void pack_all_waiting(struct tetris *s, const struct view *view, struct plan *plan,
                             int32_t cluster)
{
    struct waiting_cursor cursor;
    int32_t id;

    vector_clear(&s->pieces);
    waiting_begin(&cursor, view, cluster);
    waiting_only_fitting(&cursor, plan_free(plan, cluster));
    while ((id = waiting_next(&cursor)) >= 0)
        add_piece(s, view, plan, cluster, id);
    pack(s, view, plan, cluster);
}

/* In continuous time, where nothing came free only new tasks can fit. */
static void pack_new(struct tetris *s, const struct view *view, struct plan *plan, int32_t cluster)
{
    vector_clear(&s->pieces);
    for (int32_t i = 0; i < view->arrivals; i++)
        add_piece(s, view, plan, cluster, view->arrived[i]);
    pack(s, view, plan, cluster);
}

static bool any_new_waits(const struct view *view, const struct plan *plan)
{
    for (int32_t i = 0; i < view->arrivals; i++)
        if (view->task[view->arrived[i]].state == TASK_WAITING && !plan_has(plan, view->arrived[i]))
            return true;
    return false;
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct tetris *s = state;
    bool all = view->catalog->slot_s > 0;

    id_set_clear(&s->touched);
    for (int32_t i = 0; i < (all ? view->catalog->clusters : view->toucheds); i++) {
        int32_t cluster = all ? i : view->touched[i];

        id_set_add(&s->touched, cluster);
        pack_all_waiting(s, view, plan, cluster);
    }
    for (int32_t c = 0; !all && c < view->catalog->clusters && any_new_waits(view, plan); c++)
        if (!id_set_has(&s->touched, c))
            pack_new(s, view, plan, c);
}

const struct policy_ops policy_tetris = {
    .name = "tetris",
    .summary = "packs by alignment, short work first",
    .source = "Grandl et al., SIGCOMM'14",
    .info = INFO_ORACLE,
    .traits = POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct tetris),
    .init = init,
    .decide = decide,
    .release = release,
};
