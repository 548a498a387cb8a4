/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paper-tiresias: the elastic, preemptive "Tiresias" of TapFinger's authors, as they coded it. It
 * is not Tiresias (Gu et al., NSDI'19): it has two levels split at the median, and it hands out
 * GPUs one by one.
 *
 * In every round each agent takes its running tasks and its candidate and deals its GPUs anew. For
 * each GPU the tasks are ranked by attained GPU service plus what they were dealt in this call; the
 * lower half comes first, and inside a half the task that started first. A task takes up to its
 * maximum; where time advances at every call (one start per slot) it takes no more than its
 * minimum, as in the published runs. CPUs go evenly to the tasks with a GPU, up to their maximum,
 * the remainder one by one. A task that is dealt no GPU, or too few CPUs, stands still.
 *
 * Good at sharing when many short tasks wait; bad because every change costs half a slot and
 * because a newcomer ranks behind all others inside its half and often gets nothing.
 *
 * Source: nooblyh/TapFinger 5fd9e3b, read for facts; paper.md, section 4.
 */
#include "base/memory.h"
#include "core/policy.h"
#include "policy/paper_rules.h"
#include "policy/registry.h"

#include <stdlib.h>

struct hand {
    int32_t task;
    double attained; /* GPU service, units times slots */
    double start_s;  /* of a candidate: now */
    int32_t gpus, cpus, most_gpus, most_cpus;
};

struct paper_tiresias {
    struct paper_resources resource;
    struct id_set claims;
    struct hand *hand; /* in the order of starts, the candidate last */
    int32_t *rank;     /* indices into hand */
    int32_t hands, capacity;
};

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct paper_tiresias *s = state;

    s->resource = paper_find_resources(setup->catalog);
    return paper_check_sites(setup->catalog, err);
}

static void release(void *state)
{
    struct paper_tiresias *s = state;

    id_set_release(&s->claims);
    free(s->hand);
    free(s->rank);
}

static void add_hand(struct paper_tiresias *s, const struct view *view, int32_t id)
{
    const struct task *task = &view->task[id];
    const struct allocation *most = view->catalog->rounds == ROUNDS_ONE ? &task->min : &task->max;

    if (s->hands == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 32;
        s->hand = xrealloc(s->hand, (size_t)s->capacity, sizeof *s->hand);
        s->rank = xrealloc(s->rank, (size_t)s->capacity, sizeof *s->rank);
    }
    s->hand[s->hands++] = (struct hand){
        .task = id,
        .attained = task_service_s(task, s->resource.gpu, view->now_s) / view->catalog->time_unit_s,
        .start_s = task->state == TASK_RUNNING ? task->first_start_s : view->now_s,
        .most_gpus = most->amount[s->resource.gpu],
        .most_cpus = task->max.amount[s->resource.cpu],
    };
}

static bool ranks_before(const struct paper_tiresias *s, int32_t hand, int32_t other)
{
    double key = s->hand[hand].attained + s->hand[hand].gpus;
    double of_other = s->hand[other].attained + s->hand[other].gpus;

    return key < of_other || (key == of_other && hand < other);
}

/* By service, equals in the order of starts. */
static void rank_hands(struct paper_tiresias *s)
{
    for (int32_t i = 0; i < s->hands; i++) {
        int32_t k = i;

        for (; k > 0 && ranks_before(s, i, s->rank[k - 1]); k--)
            s->rank[k] = s->rank[k - 1];
        s->rank[k] = i;
    }
}

/* The one that was dealt a GPU moves back. */
static void rank_again(struct paper_tiresias *s, int32_t hand)
{
    int32_t k = 0;

    while (s->rank[k] != hand)
        k++;
    for (; k + 1 < s->hands && ranks_before(s, s->rank[k + 1], hand); k++)
        s->rank[k] = s->rank[k + 1];
    s->rank[k] = hand;
}

/* Of a part of the ranking, the hand that takes another GPU: the one that started first, among
 * equals the one ranked first. -1 if none does. */
static int32_t first_started(const struct paper_tiresias *s, int32_t from, int32_t to)
{
    int32_t best = -1;

    for (int32_t i = from; i < to; i++) {
        int32_t at = s->rank[i];

        if (s->hand[at].gpus < s->hand[at].most_gpus &&
            (best < 0 || s->hand[at].start_s < s->hand[best].start_s))
            best = at;
    }
    return best;
}

static void deal_gpus(struct paper_tiresias *s, int32_t gpus)
{
    rank_hands(s);
    for (; gpus > 0; gpus--) {
        int32_t to = first_started(s, 0, s->hands / 2);

        if (to < 0)
            to = first_started(s, s->hands / 2, s->hands);
        if (to < 0)
            return;
        s->hand[to].gpus++;
        rank_again(s, to);
    }
}

static void deal_cpus(struct paper_tiresias *s, int32_t cpus)
{
    int32_t sharers = 0, share;

    for (int32_t i = 0; i < s->hands; i++)
        sharers += s->hand[i].gpus > 0;
    if (sharers == 0)
        return;
    share = cpus / sharers;
    for (int32_t i = 0; i < s->hands; i++) {
        struct hand *hand = &s->hand[i];

        if (hand->gpus == 0)
            continue;
        hand->cpus = share < hand->most_cpus ? share : hand->most_cpus;
        cpus -= hand->cpus;
    }
    for (int32_t i = 0; i < s->hands && cpus > 0; i++)
        if (s->hand[i].gpus > 0 && s->hand[i].cpus < s->hand[i].most_cpus) {
            s->hand[i].cpus++;
            cpus--;
        }
}

static void propose(const struct paper_tiresias *s, const struct view *view, struct plan *plan,
                    int32_t cluster, int32_t candidate)
{
    for (int32_t i = 0; i < s->hands; i++) {
        const struct hand *hand = &s->hand[i];
        struct allocation amount = {{0}};

        amount.amount[s->resource.gpu] = hand->gpus;
        if (s->resource.cpu != s->resource.gpu)
            amount.amount[s->resource.cpu] = hand->cpus;
        if (hand->task != candidate) {
            if (!allocation_equal(&amount, &view->task[hand->task].allocation))
                plan_resize(plan, hand->task, &amount);
        } else if (!allocation_is_zero(&amount)) {
            plan_start(plan, candidate, cluster, &amount);
        }
    }
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct paper_tiresias *s = state;

    id_set_clear(&s->claims);
    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        const struct cluster_view *at = &view->cluster[c];
        const struct allocation *capacity = &view->catalog->cluster[c].capacity;
        int32_t candidate = paper_candidate(view, c, &s->claims);

        if (!at->up)
            continue;
        s->hands = 0;
        for (int32_t i = 0; i < at->runnings; i++)
            add_hand(s, view, at->running[i]);
        if (candidate >= 0) {
            id_set_add(&s->claims, candidate);
            add_hand(s, view, candidate);
        }
        deal_gpus(s, capacity->amount[s->resource.gpu]);
        deal_cpus(s, capacity->amount[s->resource.cpu]);
        propose(s, view, plan, c, candidate);
    }
    paper_ask_again(view, plan);
}

const struct policy_ops policy_paper_tiresias = {
    .name = "paper-tiresias",
    .summary = "the elastic \"Tiresias\" of TapFinger's authors, as coded",
    .source = "nooblyh/TapFinger 5fd9e3b (not Tiresias as published)",
    .info = INFO_BLIND,
    .traits = POLICY_ELASTIC | POLICY_BELOW_MINIMUM,
    .state_size = sizeof(struct paper_tiresias),
    .init = init,
    .decide = decide,
    .release = release,
};
