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

#include <string.h>

#include "core/event.h"

void muri_init(struct muri *muri, const struct policy_setup *setup, muri_rank_fn rank)
{
    int64_t most = params_int(setup->params, "group");
    int members = most < setup->catalog->sharing.most ? (int)most : setup->catalog->sharing.most;

    muri->round_s = params_real(setup->params, "round");
    muri->unpacks = params_flag(setup->params, "unpack");
    muri->due = true;
    muri->targets.rigid = true;
    muri->targets.restarts = params_flag(setup->params, "restarts");
    merger_init(&muri->merger, setup->catalog, members, params_choice(setup->params, "merge") == 0);
    muri_claims_init(&muri->claims, setup, rank, &muri->merger, members);
}

void muri_release(void *state)
{
    struct muri *s = state;

    muri_claims_release(&s->claims);
    targets_release(&s->targets);
    merger_release(&s->merger);
    vector_release(&s->of_size);
    vector_release(&s->choice);
    vector_release(&s->sorted);
    vector_release(&s->led);
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

/* Choices */

static int32_t first_place(const struct muri *s, const struct merge_group *group)
{
    int32_t first = INT32_MAX;

    for (int i = 0; i < group->members; i++) {
        int32_t place = s->claims.claim.item[group->member[i]].place;

        first = place < first ? place : first;
    }
    return first;
}

/* In the order of their first members; no two choices have one in common. */
static void sort_choices(struct muri *s)
{
    vector_reserve(&s->led, (size_t)s->claims.places);
    memset(s->led.item, 0xff, (size_t)s->claims.places * sizeof *s->led.item);
    for (size_t i = 0; i < s->choice.count; i++)
        s->led.item[s->choice.item[i].first] = (int32_t)i;
    vector_clear(&s->sorted);
    for (int32_t place = 0; place < s->claims.places; place++)
        if (s->led.item[place] >= 0)
            vector_push(&s->sorted, s->choice.item[s->led.item[place]]);
    memcpy(s->choice.item, s->sorted.item, s->choice.count * sizeof *s->choice.item);
}

/* The largest first, then as before. */
static void sort_by_size(struct muri *s)
{
    int32_t before = 0;

    vector_reserve(&s->of_size, s->claims.size.count);
    memset(s->of_size.item, 0, s->claims.size.count * sizeof *s->of_size.item);
    for (size_t i = 0; i < s->choice.count; i++)
        s->of_size.item[s->choice.item[i].size]++;
    for (size_t k = 0; k < s->claims.size.count; k++) {
        int32_t count = s->of_size.item[k];

        s->of_size.item[k] = before;
        before += count;
    }
    for (size_t i = 0; i < s->choice.count; i++)
        s->sorted.item[s->of_size.item[s->choice.item[i].size]++] = s->choice.item[i];
    memcpy(s->choice.item, s->sorted.item, s->choice.count * sizeof *s->choice.item);
}

/* Groups of one behind the others of their bucket, in place of a group that is no gain. */
static void unpack(struct muri *s)
{
    for (size_t b = 0; b < s->merger.buckets; b++) {
        struct merge_bucket *bucket = &s->merger.bucket.item[b];
        size_t groups = bucket->group.count;

        for (size_t i = 0; i < groups; i++) {
            const struct merge_group *at = &bucket->group.item[i];
            struct merge_group group;

            if (at->members == 1 || !merge_is_loss(&s->merger, at))
                continue;
            group = *at;
            bucket->group.item[i].members = 1;
            for (int k = 1; k < group.members; k++)
                merger_add(bucket, group.member[k], group.type[k]);
        }
    }
}

static void list_choices(struct muri *s)
{
    vector_clear(&s->choice);
    for (size_t b = 0; b < s->merger.buckets; b++) {
        const struct merge_bucket *bucket = &s->merger.bucket.item[b];
        int32_t any = s->claims.claim.item[bucket->group.item[0].member[0]].task;
        int32_t size = muri_claims_size(&s->claims, any);

        for (size_t i = 0; i < bucket->group.count; i++) {
            const struct merge_group *group = &bucket->group.item[i];

            vector_push(&s->choice,
                        ((struct muri_choice){bucket, group, first_place(s, group), size}));
        }
    }
}

static void choose(struct muri *s, const struct view *view)
{
    size_t kept = 0;

    list_choices(s);
    if (s->choice.count == 0)
        return;
    sort_choices(s);
    room_clear(&s->claims.room, view);
    for (size_t i = 0; i < s->choice.count; i++) {
        const struct merge_bucket *bucket = s->choice.item[i].bucket;

        if (!room_fits(&s->claims.room, view, bucket->cluster, &bucket->request))
            continue;
        room_take(&s->claims.room, view, bucket->cluster, &bucket->request);
        s->choice.item[kept++] = s->choice.item[i];
    }
    s->choice.count = kept;
    sort_by_size(s);
}

/* Seats */

/* Who is in a group. */
struct muri_party {
    int32_t task[MAX_COMPANY];
    int members;
};

static struct muri_party party_of(const struct muri *s, const struct merge_group *group)
{
    struct muri_party party = {.members = group->members};

    for (int i = 0; i < group->members; i++)
        party.task[i] = s->claims.claim.item[group->member[i]].task;
    return party;
}

/* How many members are in the company of this one; adds a bit for each to seen. */
static int count_company(const struct view *view, const struct muri_party *party, int at,
                         unsigned *seen)
{
    int32_t task = party->task[at];
    int count = 1;

    for (int32_t id = view->task[task].companion; id >= 0 && id != task;
         id = view->task[id].companion)
        for (int i = 0; i < party->members; i++) {
            bool found = party->task[i] == id;

            *seen |= (unsigned)found << i;
            count += found;
        }
    return count;
}

/* Whom the others come to, by its place in the party: the one with most of it about where it can
 * stay, else one that runs, else the first. */
static int find_host(const struct muri *s, const struct view *view, int32_t cluster,
                     const struct muri_party *party, bool *stays)
{
    unsigned seen = 0;
    int best = 0, most = 0;

    for (int i = 0; i < party->members; i++) {
        const struct task *task = &view->task[party->task[i]];
        int there = 1;

        if (task->state != TASK_RUNNING || seen >> i & 1)
            continue;
        if (task->cluster == cluster && !id_set_has(&s->kept, party->task[i]))
            there += count_company(view, party, i, &seen);
        if (there > most) {
            most = there;
            best = i;
        }
    }
    *stays = most > 1;
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
        struct muri_party party = party_of(s, choice->group);
        bool stays;
        int at = find_host(s, view, choice->bucket->cluster, &party, &stays);
        int32_t host = party.task[at];

        if (stays)
            keep_place(s, view, host);
        targets_add(&s->targets, host, choice->bucket->cluster, &choice->bucket->request);
        for (int k = 0; k < party.members; k++)
            if (k != at)
                targets_add_guest(&s->targets, party.task[k], host);
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

    muri_claims_note(&s->claims, view);
    if (!rounds_due(s->round_s, view, plan) || !s->due)
        return;
    muri_claims_make(&s->claims, view);
    merge_all(&s->merger);
    if (s->unpacks)
        unpack(s);
    choose(s, view);
    seat_all(s, view, plan);
    for (int32_t i = 0; i < plan->actions; i++)
        if (view->task[plan->action[i].task].state == TASK_WAITING)
            vector_push(&s->claims.hoped, plan->action[i].task);
    s->due = is_unfinished(s, view, plan);
}
