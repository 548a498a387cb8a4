/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/options.h"

#include <math.h>
#include <string.h>

/* What other agents could do with a task. */
struct others {
    double now_s, later_s; /* least costs */
    int32_t hosts, better;
};

static struct others look_at_others(const struct observation *seen, int32_t pair)
{
    const struct pair *own = &seen->pair[pair];
    struct others others = {HUGE_VAL, HUGE_VAL, 0, 0};

    for (int32_t i = seen->first_seer[own->task]; i < seen->first_seer[own->task + 1]; i++) {
        const struct pair *other = &seen->pair[seen->seer[i]];
        bool turn = !seen->one_start || seen->starts[other->agent] == 0;

        if (other == own)
            continue;
        others.later_s = outlook_lesser(others.later_s, other->offer.later_cost_s);
        if (!other->offer.now || !turn)
            continue;
        others.now_s = outlook_lesser(others.now_s, other->offer.cost_s);
        others.hosts++;
        others.better += other->offer.cost_s < own->offer.cost_s;
    }
    return others;
}

/* Of the tasks that an agent sees none is planned but those that are taken. */
static bool may_start(const struct observation *seen, int32_t pair)
{
    const struct pair *at = &seen->pair[pair];

    return at->offer.now && at->startable && !seen->taken[at->task] &&
           (!seen->one_start || plan_books(seen->plan, seen->cluster[at->agent])->starts == 0);
}

static struct allocation amount_of(const struct observation *seen, int32_t pair)
{
    const struct task *task = observation_task(seen, pair);
    const struct offer *offer = &seen->pair[pair].offer;

    if (!offer->now || offer->item == OFFER_MINIMUM)
        return task->min;
    return seen->outlook->kind[task->type].front.item[offer->item].amount;
}

/* Features of what the cluster offers, the same for all tasks that are offered the same. */
static void fill_offer(const struct observation *seen, int32_t index, real *row)
{
    const struct pair *pair = &seen->pair[index];
    const struct offer *offer = &pair->offer;
    const struct kind *kind = outlook_kind(seen->outlook, observation_task(seen, index)->type);
    int32_t cluster = seen->cluster[pair->agent];
    const struct allocation *free = plan_free(seen->plan, cluster);
    struct allocation amount = amount_of(seen, index);
    double typical_s = seen->outlook->typical_s;

    row[OPTION_FITS] = offer->now;
    row[OPTION_COST] = observation_log(offer->cost_s, kind->cost_s);
    row[OPTION_SECONDS] = observation_log(offer->seconds, kind->best_s);
    row[OPTION_WORTH] = observation_squash(offer->worth, 1);
    row[OPTION_TAKES] = (real)allocation_dominant_share(&amount, free);
    row[OPTION_LEAVES] = observation_left_over(seen, cluster, free, &amount);
    row[OPTION_PATIENCE] = observation_gap(offer->cost_s, offer->later_cost_s, typical_s);
    row[OPTION_PATIENCE_UNTIL] = observation_squash(offer->later_s, typical_s);
    row[OPTION_TRANSFER] = observation_squash(pair->transfer_s, typical_s);
    row[OPTION_AREA] = observation_log(offer->seconds * offer->worth, typical_s);
    row[OPTION_SHORT] = observation_log(offer->seconds, typical_s);
    row[OPTION_EARLIER] = (real)outlook_log_count(seen->outlook, seen->starts[pair->agent]);
    row[OPTION_ONE_START] = seen->one_start;
}

/* Features of the one task, behind those of its offer. */
static void fill_task(const struct observation *seen, int32_t index, real *row)
{
    const struct pair *pair = &seen->pair[index];
    const struct offer *offer = &pair->offer;
    const struct outlook *outlook = seen->outlook;
    const struct task *task = observation_task(seen, index);
    const struct kind *kind = &outlook->kind[task->type];
    int32_t agent = pair->agent;
    struct others others = look_at_others(seen, index);
    double typical_s = outlook->typical_s;

    row[OPTION_OTHER_NOW] = observation_gap(offer->cost_s, others.now_s, typical_s);
    row[OPTION_OTHER_LATER] = observation_gap(offer->cost_s, others.later_s, typical_s);
    row[OPTION_OTHERS] = (real)outlook_log_count(outlook, others.hosts);
    row[OPTION_BETTER] = (real)outlook_log_count(outlook, others.better);
    row[OPTION_AGE_RANK] = pair->age_rank;
    row[OPTION_AGE] = seen->waiting_x[pair->task * WAITING_FEATURES + WAITING_AGE];
    row[OPTION_CROWD] =
        observation_squash(seen->crowd[agent] - pair->wants, outlook->size[seen->cluster[agent]]);
    row[OPTION_HOPE] = observation_gap(
        offer->cost_s, outlook_lesser(offer->later_cost_s, others.later_s), kind->cost_s);
}

/* Some of an agent's pairs that were offered different things, and their rows. */
struct variety {
    int32_t count;
    struct {
        int32_t pair;
        const real *row;
    } offered[8];
};

static bool is_offered_the_same(const struct observation *seen, int32_t pair, int32_t other)
{
    const struct pair *a = &seen->pair[pair], *b = &seen->pair[other];
    const struct task *left = observation_task(seen, pair), *right = observation_task(seen, other);

    return left->type == right->type && a->offer.now == b->offer.now &&
           a->offer.item == b->offer.item && a->offer.cost_s == b->offer.cost_s &&
           a->offer.seconds == b->offer.seconds && a->offer.worth == b->offer.worth &&
           a->offer.later_cost_s == b->offer.later_cost_s && a->offer.later_s == b->offer.later_s &&
           a->transfer_s == b->transfer_s && allocation_equal(&left->min, &right->min);
}

static void fill_pair(struct observation *seen, struct variety *variety, int32_t index, real *row)
{
    bool known = false;

    for (int32_t i = 0; i < variety->count && !known; i++) {
        known = is_offered_the_same(seen, index, variety->offered[i].pair);
        if (known)
            memcpy(row, variety->offered[i].row, OPTION_FEATURES * sizeof *row);
    }
    if (!known) {
        fill_offer(seen, index, row);
        if (variety->count < (int32_t)(sizeof variety->offered / sizeof *variety->offered)) {
            variety->offered[variety->count].pair = index;
            variety->offered[variety->count++].row = row;
        }
    }
    fill_task(seen, index, row);
}

/* The pairs of an agent that may be started, and their rows. */
struct listed {
    int32_t count, pair[MOST_SHOWN];
    real *row[MOST_SHOWN];
};

/* The rank by cost among the listed. */
static void fill_ranks(const struct observation *seen, const struct listed *listed)
{
    double cost_s[MOST_SHOWN];

    for (int32_t i = 0; i < listed->count; i++)
        cost_s[i] = seen->pair[listed->pair[i]].offer.cost_s;
    for (int32_t i = 0; i < listed->count; i++) {
        int32_t before = 0;

        for (int32_t k = 0; k < listed->count; k++)
            before += cost_s[k] < cost_s[i];
        listed->row[i][OPTION_COST_RANK] = (real)((double)before / listed->count);
    }
}

static void fill_wait(const struct observation *seen, int32_t agent, const struct listed *listed,
                      real *wait)
{
    static const struct {
        int from, to;
    } least[] = {{OPTION_PATIENCE, OPTION_WAIT_PATIENCE},
                 {OPTION_OTHER_NOW, OPTION_WAIT_OTHER},
                 {OPTION_HOPE, OPTION_WAIT_HOPE},
                 {OPTION_COST, OPTION_WAIT_COST}};
    static const struct allocation nothing;
    int32_t cluster = seen->cluster[agent];
    const struct allocation *free = plan_free(seen->plan, cluster);

    memset(wait, 0, OPTION_FEATURES * sizeof *wait);
    for (int32_t i = 0; i < listed->count; i++)
        for (size_t k = 0; k < sizeof least / sizeof *least; k++) {
            real value = listed->row[i][least[k].from];

            if (i == 0 || value < wait[least[k].to])
                wait[least[k].to] = value;
        }
    wait[OPTION_WAIT] = 1;
    wait[OPTION_WAIT_EARLIER] = (real)outlook_log_count(seen->outlook, seen->starts[agent]);
    wait[OPTION_WAIT_FREE] = observation_left_over(seen, cluster, free, &nothing);
    wait[OPTION_WAIT_FITS] = (real)outlook_log_count(seen->outlook, listed->count);
    wait[OPTION_WAIT_ONE_START] = seen->one_start;
    wait[OPTION_WAIT_CROWD] = observation_squash(seen->crowd[agent], seen->outlook->size[cluster]);
}

void options_fill(struct observation *seen, int32_t agent, real *row, uint8_t *allowed)
{
    int32_t first = seen->first_pair[agent], count = options_count(seen, agent) - 1;
    struct variety variety = {.count = 0};
    struct listed listed = {.count = 0};

    memset(row, 0, (size_t)count * OPTION_FEATURES * sizeof *row);
    for (int32_t i = 0; i < count; i++, row += OPTION_FEATURES) {
        allowed[i] = may_start(seen, first + i);
        if (allowed[i]) {
            listed.pair[listed.count] = first + i;
            listed.row[listed.count++] = row;
        }
        if (!seen->taken[seen->pair[first + i].task])
            fill_pair(seen, &variety, first + i, row);
    }
    allowed[count] = 1;
    fill_ranks(seen, &listed);
    fill_wait(seen, agent, &listed, row);
}

int32_t options_list(struct observation *seen, int32_t agent, real *row, int32_t *pair)
{
    struct variety variety = {.count = 0};
    struct listed listed = {.count = 0};

    for (int32_t i = seen->first_pair[agent]; i < seen->first_pair[agent + 1]; i++) {
        if (!may_start(seen, i))
            continue;
        memset(row, 0, OPTION_FEATURES * sizeof *row);
        fill_pair(seen, &variety, i, row);
        *pair++ = listed.pair[listed.count] = i;
        listed.row[listed.count++] = row;
        row += OPTION_FEATURES;
    }
    *pair = -1;
    fill_ranks(seen, &listed);
    fill_wait(seen, agent, &listed, row);
    return listed.count + 1;
}
