/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events are booked at once as what each task is to have; units and lanes move only when time goes
 * on. Then first everything is given back and after that everything taken, whatever the order of
 * the events was: a plan may tell of a growth before the cut that made room for it.
 *
 * Of tasks that share one allocation one has all of it, their host; the others, its guests, have
 * nothing. When the host leaves, its first guest takes over, which is booked as a resize.
 */
#include "report/schedule.h"

#include <stdlib.h>

#include "core/catalog.h"

/* A task that runs, or did before this time. */
struct holder {
    struct stretch now; /* what it holds; cluster -1: nothing */
    int32_t cluster;    /* what it is to hold; -1: nothing */
    struct allocation allocation;
    enum event_kind cause; /* of the change */
    bool is_touched;
    int32_t host;          /* of a guest; else -1 */
    VECTOR(int32_t) guest; /* of a host */
};

struct site {
    struct interval_set free_units, free_lanes;
    struct allocation used;
    bool is_touched;
};

struct schedule {
    const struct catalog *catalog;
    const struct schedule_ops *ops;
    void *arg;
    int main_resource;
    int32_t *first_unit; /* by cluster */
    struct site *site;
    VECTOR(struct holder *) holder; /* by task; NULL: neither runs nor was touched */
    VECTOR(int32_t) touched;        /* tasks */
    VECTOR(int32_t) touched_sites;
    double at_s;
    bool is_open; /* something happened at at_s */
    int32_t waiting, running;
    struct allocation used, down;
};

int schedule_main_resource(const struct catalog *catalog)
{
    for (int r = 0; r < catalog->resources; r++) {
        bool all = true;

        for (int t = 0; t < catalog->types; t++)
            all &= catalog->type[t].min.amount[r] > 0;
        if (all)
            return r;
    }
    return 0;
}

struct schedule *schedule_new(const struct catalog *catalog, const struct schedule_ops *ops,
                              void *arg)
{
    struct schedule *s = xcalloc(1, sizeof *s);
    int32_t unit = 0;

    s->catalog = catalog;
    s->ops = ops;
    s->arg = arg;
    s->main_resource = schedule_main_resource(catalog);
    s->first_unit = xcalloc((size_t)catalog->clusters, sizeof *s->first_unit);
    s->site = xcalloc((size_t)catalog->clusters, sizeof *s->site);
    for (int c = 0; c < catalog->clusters; c++) {
        int32_t units = catalog->cluster[c].capacity.amount[s->main_resource];

        s->first_unit[c] = unit;
        if (units > 0)
            interval_set_add(&s->site[c].free_units, unit, unit + units - 1);
        interval_set_add(&s->site[c].free_lanes, 0, INT32_MAX - 1);
        unit += units;
    }
    return s;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->holder.count; i++)
        if (s->holder.item[i]) {
            interval_set_release(&s->holder.item[i]->now.units);
            vector_release(&s->holder.item[i]->guest);
            free(s->holder.item[i]);
        }
    for (int c = 0; c < s->catalog->clusters; c++) {
        interval_set_release(&s->site[c].free_units);
        interval_set_release(&s->site[c].free_lanes);
    }
    vector_release(&s->holder);
    vector_release(&s->touched);
    vector_release(&s->touched_sites);
    free(s->first_unit);
    free(s->site);
    free(s);
}

int32_t schedule_first_unit(const struct schedule *s, int32_t cluster)
{
    return s->first_unit[cluster];
}

const struct allocation *schedule_used(const struct schedule *s, int32_t cluster)
{
    return &s->site[cluster].used;
}

static void touch_site(struct schedule *s, int32_t cluster)
{
    if (s->site[cluster].is_touched)
        return;
    s->site[cluster].is_touched = true;
    vector_push(&s->touched_sites, cluster);
}

/* The first thing that happens to a task at a time is what ended its stretch. */
static struct holder *touch_task(struct schedule *s, int32_t task, enum event_kind kind)
{
    struct holder *holder;

    while (s->holder.count <= (size_t)task)
        vector_push(&s->holder, NULL);
    holder = s->holder.item[task];
    if (!holder) {
        holder = xcalloc(1, sizeof *holder);
        holder->now.task = task;
        holder->now.cluster = holder->cluster = holder->host = -1;
        s->holder.item[task] = holder;
    }
    if (!holder->is_touched) {
        holder->is_touched = true;
        holder->cause = kind;
        vector_push(&s->touched, task);
    }
    return holder;
}

static int32_t units_of(const struct schedule *s, const struct allocation *a)
{
    return a->amount[s->main_resource];
}

static bool stays(const struct holder *holder)
{
    return holder->now.cluster >= 0 && holder->cluster == holder->now.cluster;
}

static bool is_changed(const struct holder *holder)
{
    return holder->now.cluster != holder->cluster ||
           (holder->cluster >= 0 &&
            !allocation_equal(&holder->now.allocation, &holder->allocation));
}

/* Reports the stretch that ends and gives back what is not kept. */
static void give_back(struct schedule *s, struct holder *holder)
{
    struct stretch *now = &holder->now;
    struct site *site;
    int64_t kept;

    if (now->cluster < 0 || !is_changed(holder))
        return;
    site = &s->site[now->cluster];
    now->end_s = s->at_s;
    now->ended_by = holder->cause;
    s->ops->stretch(s->arg, now);
    allocation_subtract(&site->used, &now->allocation);
    allocation_subtract(&s->used, &now->allocation);
    touch_site(s, now->cluster);
    kept = stays(holder) ? units_of(s, &holder->allocation) : 0;
    if (interval_set_size(&now->units) > kept)
        interval_set_move_highest(&site->free_units, &now->units,
                                  interval_set_size(&now->units) - kept);
    if (!stays(holder)) {
        interval_set_add(&site->free_lanes, now->lane, now->lane);
        now->cluster = -1;
    }
}

static void take_lane(struct site *site, struct stretch *now)
{
    struct interval_set lane;

    interval_set_init(&lane);
    interval_set_move_lowest(&lane, &site->free_lanes, 1);
    now->lane = lane.part.item[0].low;
    interval_set_release(&lane);
}

static void take(struct schedule *s, struct holder *holder)
{
    struct stretch *now = &holder->now;
    struct site *site;
    int64_t missing;

    if (holder->cluster < 0 || !is_changed(holder))
        return;
    site = &s->site[holder->cluster];
    if (now->cluster < 0)
        take_lane(site, now);
    missing = units_of(s, &holder->allocation) - interval_set_size(&now->units);
    if (missing > 0)
        interval_set_move_lowest(&now->units, &site->free_units, missing);
    now->cluster = holder->cluster;
    now->allocation = holder->allocation;
    now->begin_s = s->at_s;
    allocation_add(&site->used, &now->allocation);
    allocation_add(&s->used, &now->allocation);
    touch_site(s, now->cluster);
}

static void tell_snapshot(struct schedule *s)
{
    struct snapshot snapshot = {
        .at_s = s->at_s,
        .waiting = s->waiting,
        .running = s->running,
        .used = s->used,
        .down = s->down,
        .touched = s->touched_sites.item,
        .toucheds = (int32_t)s->touched_sites.count,
    };

    s->ops->snapshot(s->arg, &snapshot);
    for (size_t i = 0; i < s->touched_sites.count; i++)
        s->site[s->touched_sites.item[i]].is_touched = false;
    vector_clear(&s->touched_sites);
}

/* Time goes on: what happened until now takes effect. */
static void settle(struct schedule *s)
{
    if (!s->is_open)
        return;
    for (size_t i = 0; i < s->touched.count; i++)
        give_back(s, s->holder.item[s->touched.item[i]]);
    for (size_t i = 0; i < s->touched.count; i++)
        take(s, s->holder.item[s->touched.item[i]]);
    for (size_t i = 0; i < s->touched.count; i++) {
        struct holder **holder = &s->holder.item[s->touched.item[i]];

        (*holder)->is_touched = false;
        if ((*holder)->cluster >= 0)
            continue;
        interval_set_release(&(*holder)->now.units);
        vector_release(&(*holder)->guest);
        free(*holder);
        *holder = NULL;
    }
    vector_clear(&s->touched);
    tell_snapshot(s);
    s->is_open = false;
}

static void strike_guest(struct holder *host, int32_t guest)
{
    size_t at = 0;

    while (host->guest.item[at] != guest)
        at++;
    host->guest.count--;
    for (; at < host->guest.count; at++)
        host->guest.item[at] = host->guest.item[at + 1];
}

static void hand_over(struct schedule *s, struct holder *host)
{
    struct holder *heir = touch_task(s, host->guest.item[0], EVENT_RESIZE);

    heir->allocation = host->allocation;
    heir->host = -1;
    for (size_t i = 1; i < host->guest.count; i++) {
        vector_push(&heir->guest, host->guest.item[i]);
        s->holder.item[host->guest.item[i]]->host = host->guest.item[0];
    }
    vector_clear(&host->guest);
}

static void leave_company(struct schedule *s, struct holder *holder, int32_t task)
{
    if (holder->host >= 0)
        strike_guest(s->holder.item[holder->host], task);
    else if (holder->guest.count > 0)
        hand_over(s, holder);
    holder->host = -1;
}

/* With a task that runs. There may be more guests for a moment than the world allows: those who
 * leave are told of after those who come. */
static void enter_company(struct schedule *s, struct holder *holder, const struct event *event)
{
    const struct holder *with = s->holder.item[event->with];

    holder->host = with->host >= 0 ? with->host : event->with;
    vector_push(&s->holder.item[holder->host]->guest, event->task);
    holder->allocation = (struct allocation){{0}};
}

static void place(struct schedule *s, const struct event *event)
{
    struct holder *holder = touch_task(s, event->task, event->kind);

    if (event->kind != EVENT_RESIZE)
        leave_company(s, holder, event->task);
    s->running += holder->cluster < 0;
    s->waiting -= holder->cluster < 0;
    holder->cluster = event->cluster;
    holder->allocation = event->allocation;
    if (event->with >= 0)
        enter_company(s, holder, event);
}

static void remove_task(struct schedule *s, const struct event *event, bool waits)
{
    struct holder *holder = touch_task(s, event->task, event->kind);

    leave_company(s, holder, event->task);
    s->running -= holder->cluster >= 0;
    s->waiting += waits;
    holder->cluster = -1;
}

static void turn(struct schedule *s, int32_t cluster, bool down)
{
    const struct allocation *capacity = &s->catalog->cluster[cluster].capacity;

    if (down)
        allocation_add(&s->down, capacity);
    else
        allocation_subtract(&s->down, capacity);
    touch_site(s, cluster);
}

void schedule_watch(void *arg, const struct event *event)
{
    struct schedule *s = arg;

    if (s->is_open && event->time_s > s->at_s)
        settle(s);
    s->at_s = event->time_s;
    s->is_open = true;
    switch (event->kind) {
    case EVENT_ARRIVAL:
        s->waiting++;
        break;
    case EVENT_START:
    case EVENT_RESIZE:
    case EVENT_MIGRATE:
        place(s, event);
        break;
    case EVENT_PREEMPT:
    case EVENT_FAILURE:
        remove_task(s, event, true);
        break;
    case EVENT_FINISH:
    case EVENT_LOST:
        remove_task(s, event, false);
        break;
    case EVENT_CLUSTER_DOWN:
    case EVENT_CLUSTER_UP:
        turn(s, event->cluster, event->kind == EVENT_CLUSTER_DOWN);
        break;
    default:
        break;
    }
}

void schedule_end(struct schedule *s, double end_s)
{
    if (end_s > s->at_s)
        settle(s);
    s->at_s = end_s;
    s->is_open = true;
    for (size_t task = 0; task < s->holder.count; task++)
        if (s->holder.item[task] && s->holder.item[task]->cluster >= 0) {
            struct event event = {.kind = EVENT_KINDS, .task = (int32_t)task};

            remove_task(s, &event, false);
        }
    settle(s);
}
