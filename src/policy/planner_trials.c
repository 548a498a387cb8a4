/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trials: the planner's jobs booked one after the other, each for the least start + duration +
 * price
 * * duration * worth that the ones before left it, in one order after the other.
 *
 * What a trial asks most is when an amount is free on a cluster for so long. Within a trial nothing
 * comes free, so every deal, which all jobs share that may be given the same there, remembers where
 * its last answer was, and begins where it would be without any booking. From these beginnings it
 * is also known before when a job is finished at the earliest: a trial that cannot beat the best
 * any more is given up. One that begins as the best one takes over its bookings so far; an order
 * that was tried before is not tried again, nor is an exchange of two jobs with the same deals.
 */
#include "policy/planner.h"

#include <math.h>
#include <string.h>

/* Among equal offers the cluster that is left with the least is taken. */
static const double TIE = 0.02;

double planner_worth(const struct planner *s, int32_t cluster, const struct allocation *amount)
{
    const double *unit = s->unit_worth + (size_t)cluster * (size_t)s->resources;
    double most = 0;

    for (int r = 0; r < s->resources; r++)
        most = fmax(most, unit[r] * amount->amount[r]);
    return most;
}

static const struct timeline *timeline_of(const struct planner *s, int32_t cluster)
{
    return s->trial_of[cluster] == s->trial ? &s->booked[cluster] : &s->now[cluster];
}

static struct timeline *timeline_to_book(struct planner *s, int32_t cluster)
{
    if (s->trial_of[cluster] != s->trial) {
        s->trial_of[cluster] = s->trial;
        timeline_copy(&s->booked[cluster], &s->now[cluster]);
    }
    return &s->booked[cluster];
}

static void work_out(const struct planner *s, const struct front_item *item, int32_t cluster,
                     int from, struct deal *deal)
{
    deal->duration = item->seconds / s->interval_s;
    deal->cost = deal->duration * (1 + s->price * planner_worth(s, cluster, &item->amount));
    deal->length = (int)ceil(deal->duration - 1e-9);
    deal->first = timeline_find(&s->now[cluster], from, deal->length, &item->amount, s->one_start);
}

/* What a window hides could only start once what it shows has started. */
static bool is_hidden(const struct view *view, int32_t task, int32_t cluster)
{
    return view->cluster[cluster].slot && view_find_slot(view, cluster, task) < 0;
}

/* The dominant share of the cluster that is free in an interval. */
static double share_free(const struct planner *s, const struct timeline *timeline, int interval,
                         int32_t cluster)
{
    const struct allocation *capacity = &s->setup.catalog->cluster[cluster].capacity;
    double share = 0;

    for (int r = 0; r < s->resources; r++)
        if (capacity->amount[r] > 0)
            share = fmax(share, (double)timeline->free[r][interval] / capacity->amount[r]);
    return share;
}

/* Where the deal of the i-th thing that the job may be given, on the k-th cluster of its reach, is
 * kept. */
static int32_t place_of_deal(struct planner *s, const struct job *job, int32_t k, int32_t i)
{
    static const struct deal none = {.duration = -1};

    if (job->first_lot >= 0)
        return s->lot_of.item[job->first_lot + k] + s->pick.item[job->first_pick + i];
    vector_push(&s->deal, none);
    return (int32_t)s->deal.count - 1;
}

static void try_on(struct planner *s, const struct view *view, struct job *job, int32_t k)
{
    int32_t cluster = view->task[job->task].reach.cluster[k];

    for (int32_t i = 0; i < job->picks; i++) {
        const struct front_item *item = &job->item[s->pick.item[job->first_pick + i]];
        int32_t place = place_of_deal(s, job, k, i);
        struct deal *deal = &s->deal.item[place];

        if (deal->duration < 0)
            work_out(s, item, cluster, view->cluster[cluster].may_start ? 0 : 1, deal);
        if (deal->first == TIMELINE)
            continue;
        job->earliest = fmin(job->earliest, deal->first + deal->duration);
        vector_push(&s->tries, ((struct try){&item->amount, cluster, place}));
    }
}

static double without_start(const struct planner *s, const struct job *job)
{
    return TIMELINE + job->shortest / s->interval_s;
}

/* Bookings only take room, so no trial finishes a job before the time that it would have alone. */
void planner_find_tries(struct planner *s, const struct view *view)
{
    s->earliest = 0;
    for (int32_t j = 0; j < s->jobs; j++) {
        struct job *job = &s->job[j];
        const struct reach *reach = &view->task[job->task].reach;

        job->earliest = without_start(s, job);
        job->first_try = (int32_t)s->tries.count;
        for (int32_t k = 0; k < reach->count; k++)
            if (!is_hidden(view, job->task, reach->cluster[k]))
                try_on(s, view, job, k);
        job->tries = (int32_t)s->tries.count - job->first_try;
        s->earliest += job->earliest;
    }
}

/* What the try costs from its first start on, if that is less; else at least as much. */
static double cost_of_try(struct planner *s, const struct try *try, struct deal *deal, double least)
{
    const struct timeline *timeline = timeline_of(s, try->cluster);
    double cost;

    if (deal->trial != s->trial) {
        deal->start = deal->first;
        deal->trial = s->trial;
    }
    if (deal->start == TIMELINE || deal->start + deal->cost >= least)
        return HUGE_VAL;
    deal->start = timeline_find(timeline, deal->start, deal->length, try->amount, s->one_start);
    if (deal->start == TIMELINE || deal->start + deal->cost >= least)
        return HUGE_VAL;
    cost = deal->cost + TIE * share_free(s, timeline, deal->start, try->cluster);
    return deal->start + cost;
}

static void find_booking(struct planner *s, const struct job *job, struct booking *booking)
{
    double least = HUGE_VAL;

    booking->start = TIMELINE;
    booking->finish = without_start(s, job);
    for (int32_t i = job->first_try; i < job->first_try + job->tries; i++) {
        const struct try *try = &s->tries.item[i];
        struct deal *deal = &s->deal.item[try->deal];
        double cost = cost_of_try(s, try, deal, least);

        if (cost >= least)
            continue;
        least = cost;
        booking->try = i;
        booking->start = deal->start;
        booking->finish = deal->start + deal->duration;
    }
}

static void book(struct planner *s, const struct booking *booking)
{
    const struct try *try;
    struct timeline *timeline;

    if (booking->start == TIMELINE)
        return;
    try = &s->tries.item[booking->try];
    timeline = timeline_to_book(s, try->cluster);
    timeline_take(timeline, booking->start, booking->start + s->deal.item[try->deal].length,
                  try->amount);
    timeline->started |= (uint64_t)1 << booking->start;
}

/* Whether the rest, each at its earliest, brings the total to the bound; what sums differ by in the
 * last digits must not decide. */
static bool is_hopeless(double total, double rest, double bound)
{
    return total >= bound || total + rest - 1e-9 * bound >= bound;
}

/* Books all jobs in the trial's order, of which the first so many are as in the best so far;
 * returns the sum of their finishing times, or the bound if it is not below it. */
static double book_all(struct planner *s, int32_t same, double bound)
{
    double total = 0, rest = s->earliest;

    s->trial++;
    for (int32_t i = 0; i < s->jobs; i++) {
        const struct job *job = &s->job[s->order[i]];

        if (bound < HUGE_VAL && is_hopeless(total, rest, bound))
            return bound;
        if (i < same)
            s->booking[i] = s->best[i];
        else
            find_booking(s, job, &s->booking[i]);
        total += s->booking[i].finish;
        rest -= job->earliest;
        book(s, &s->booking[i]);
    }
    return total;
}

/* Keeps the trial if it is better than the best so far. */
static double keep_better(struct planner *s, double best, double total)
{
    if (total >= best)
        return best;
    memcpy(s->best, s->booking, (size_t)s->jobs * sizeof *s->best);
    memcpy(s->best_order, s->order, (size_t)s->jobs * sizeof *s->order);
    return total;
}

static void sort_short(struct keyed *keyed, int32_t count)
{
    for (int32_t i = 1; i < count; i++) {
        struct keyed entry = keyed[i];
        int32_t k = i;

        for (; k > 0 && keyed[k - 1].key > entry.key; k--)
            keyed[k] = keyed[k - 1];
        keyed[k] = entry;
    }
}

static void merge(const struct keyed *a, const struct keyed *middle, const struct keyed *end,
                  struct keyed *to)
{
    const struct keyed *b = middle;

    while (a < middle && b < end)
        *to++ = b->key < a->key ? *b++ : *a++;
    memcpy(to, a, (size_t)(middle - a) * sizeof *to);
    memcpy(to + (middle - a), b, (size_t)(end - b) * sizeof *to);
}

/* Equal ones stay in the order of the jobs. */
static void sort_by_key(struct planner *s)
{
    enum { SHORT = 12 };

    for (int32_t i = 0; i < s->jobs; i += SHORT)
        sort_short(s->keyed + i, s->jobs - i < SHORT ? s->jobs - i : SHORT);
    for (int32_t run = SHORT; run < s->jobs; run *= 2) {
        struct keyed *held = s->keyed;

        for (int32_t i = 0; i < s->jobs; i += 2 * run) {
            int32_t middle = i + run < s->jobs ? i + run : s->jobs;
            int32_t end = middle + run < s->jobs ? middle + run : s->jobs;

            merge(held + i, held + middle, held + end, s->merged + i);
        }
        s->keyed = s->merged;
        s->merged = held;
    }
}

/* Shortest first, smallest first, oldest first, least flexible first. */
static double order_key(const struct view *view, const struct job *job, int rule)
{
    switch (rule) {
    case 0:
        return job->shortest;
    case 1:
        return job->area;
    case 2:
        return job->task;
    default:
        return view->task[job->task].reach.count;
    }
}

static void make_order(struct planner *s, const struct view *view, int rule)
{
    for (int32_t i = 0; i < s->jobs; i++)
        s->keyed[i] = (struct keyed){order_key(view, &s->job[i], rule), i};
    sort_by_key(s);
    for (int32_t i = 0; i < s->jobs; i++)
        s->order[i] = s->tried[rule][i] = s->keyed[i].job;
}

static bool was_tried(const struct planner *s, int rule)
{
    size_t bytes = (size_t)s->jobs * sizeof *s->order;

    for (int before = 0; before < rule; before++)
        if (memcmp(s->order, s->tried[before], bytes) == 0)
            return true;
    return false;
}

static double try_orders(struct planner *s, const struct view *view)
{
    double best = HUGE_VAL;

    for (int rule = 0; rule < ORDER_RULES; rule++) {
        make_order(s, view, rule);
        if (!was_tried(s, rule))
            best = keep_better(s, best, book_all(s, 0, best));
    }
    return best;
}

/* Whether two jobs may be booked for the very same; to exchange them changes nothing. */
static bool are_alike(const struct planner *s, const struct job *a, const struct job *b)
{
    if (a->tries != b->tries || a->shortest != b->shortest)
        return false;
    for (int32_t i = 0; i < a->tries; i++)
        if (s->tries.item[a->first_try + i].deal != s->tries.item[b->first_try + i].deal)
            return false;
    return true;
}

static void try_exchanges(struct planner *s, int trials, double best)
{
    for (int i = 0; i < trials && s->jobs > 1; i++) {
        uint32_t a = rng_below(&s->rng, (uint32_t)s->jobs);
        uint32_t b = rng_below(&s->rng, (uint32_t)s->jobs - 1);
        int32_t held;

        b += b >= a;
        if (are_alike(s, &s->job[s->best_order[a]], &s->job[s->best_order[b]]))
            continue;
        memcpy(s->order, s->best_order, (size_t)s->jobs * sizeof *s->order);
        held = s->order[a];
        s->order[a] = s->order[b];
        s->order[b] = held;
        best = keep_better(s, best, book_all(s, (int32_t)(a < b ? a : b), best));
    }
}

void planner_try(struct planner *s, const struct view *view, int exchanges)
{
    if (s->jobs > 0)
        try_exchanges(s, exchanges, try_orders(s, view));
}

void planner_skip(struct planner *s, int exchanges)
{
    for (int i = 0; i < exchanges && s->jobs > 1; i++) {
        rng_below(&s->rng, (uint32_t)s->jobs);
        rng_below(&s->rng, (uint32_t)s->jobs - 1);
    }
}
