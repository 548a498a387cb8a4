/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a world; only src/sim/ includes this. */
#ifndef SIM_WORLD_STATE_H
#define SIM_WORLD_STATE_H

#include "base/heap.h"
#include "base/rng.h"
#include "base/vector.h"
#include "core/periods.h"
#include "core/scenario.h"
#include "core/waiting.h"
#include "sim/arrivals.h"
#include "sim/world.h"

enum next_kind { NEXT_FINISH, NEXT_SEGMENT, NEXT_FAILURE };

/* What the world keeps to itself about a task. */
struct hidden {
    double progress;                /* at stamp_s */
    struct rate rate;               /* of the present allocation */
    const struct known_rate *known; /* that it had last, or what has taken its place; or NULL */
    const struct speed_model *model;
    bool plain;   /* slotted: a slot brings its speed's progress and nothing else */
    bool planned; /* while a plan is judged: an action of it has the task */
    bool lifted;  /* while one is carried out: the books have its place as free */
    bool marked;  /* event-driven: its next event has to be worked out anew */
    enum next_kind next_kind;
    int32_t walks;     /* slots walked, for noise */
    double multiplier; /* of the speed: noise of this start, inverse work, pace, interference */
    double stamp_s;
    double next_s; /* event-driven: of its next event; the heap may have an earlier time */
    double noise;  /* of this start */
    double inverse_work;
    double stall_until_s;
    double slow_until_s;      /* event-driven: end of a switching cost */
    double slow_left_s;       /* slotted: what is left of one */
    double segment;           /* event-driven: factor in force since stamp_s */
    double fail_left_s;       /* running time until this start fails; HUGE_VAL */
    struct allocation walked; /* slotted: what it had in its last slot */
    int32_t walked_cluster;   /* -1 before its first slot */
    int32_t starts;
    int32_t entry;   /* counts how often it began to wait: tells stale queue entries */
    int32_t data_at; /* cluster where its data lies now */
    int32_t places;  /* windows: where its entries in world->place begin */
};

struct queue_entry {
    int32_t task, entry;
    int32_t place; /* index into world->place */
};

/* The waiting tasks of a cluster with a window: slots, and a queue behind them. */
struct window {
    int32_t *slot;                    /* view's */
    VECTOR(struct queue_entry) queue; /* entries that left are skipped when their turn comes */
    size_t head;
};

struct running_list {
    int32_t *id;
    int32_t count, capacity;
};

/* The rates of some allocations, each at its hash. All zero is true: nothing gives nothing. */
enum { RATE_BITS = 3 };

struct known_rate {
    struct allocation allocation;
    struct rate rate;
};

struct rate_memo {
    struct known_rate known[1 << RATE_BITS];
};

struct watcher {
    world_watch_fn watch;
    void *arg;
};

enum { WATCHERS = 6, IDLE_DECISIONS = 100000, MOST_DECISIONS = 100000000 };

struct world {
    const struct scenario *scenario;
    const struct catalog *catalog;
    struct view view;
    struct cluster_view *cluster;
    struct task *task;
    struct hidden *hidden;
    int32_t task_capacity;
    struct rate_memo *rates; /* by type */
    struct periods periods;

    struct arrivals own_arrivals;
    const struct arrivals *arrivals;
    int32_t next_arrival;

    struct waiting_lists lists;
    struct window *window; /* by cluster; NULL without windows */
    uint64_t all_slots;    /* windows: a bit per slot that one has */
    VECTOR(int8_t)
    place; /* windows: by task and cluster of its reach: slot; past the last: queue */
    struct running_list *running;
    struct allocation **node_free; /* by cluster and node; NULL where it is not split */
    struct node_share *share;      /* room for a placement on the cluster with the most nodes */
    int32_t *load;                 /* by cluster: see world_load() */
    int32_t *down;                 /* by cluster: outages in force */
    bool *is_touched;
    VECTOR(const struct action *) accepted; /* of the plan at hand */
    VECTOR(int32_t) arrived, touched;
    VECTOR(int32_t) left; /* slotted, in a walk: a member of every company that someone left */
    bool walks;           /* slotted: a slot is being walked */

    struct heap next; /* event-driven: by the time of their next event or an earlier one; entries of
                         tasks that do not run any more are passed over */
    VECTOR(int32_t) marked, crowded; /* tasks, and clusters, where it has to be worked out anew */
    struct heap outages;             /* upcoming changes of clusters and links, by index */
    struct rng *outage_rng;
    double *outage_at;
    double wake_s;
    int64_t slot;
    int64_t idle;  /* decisions since a task arrived or ended */
    int64_t ended; /* tasks that had ended by then */

    uint64_t noise_seed, start_noise_seed, failure_seed, seed;
    world_noise_fn noise;
    void *noise_arg;
    int64_t used[MAX_RESOURCES];     /* held now */
    int64_t capacity[MAX_RESOURCES]; /* of the clusters that are up */
    int32_t in_system;
    struct world_totals totals;
    struct watcher watcher[WATCHERS];
    int watchers;
    bool below_minimum, strict, over, has_failures, has_nodes;
    bool slotted; /* as opposed to event-driven */
};

/* world.c */
void world_tell_watchers(const struct world *world, enum event_kind kind, int32_t task,
                         int32_t cluster, int32_t other);

static inline void world_tell(const struct world *world, enum event_kind kind, int32_t task,
                              int32_t cluster, int32_t other)
{
    if (world->watchers > 0)
        world_tell_watchers(world, kind, task, cluster, other);
}

void world_pass_time(struct world *world, double to_s); /* moves the clock and the integrals */
/* Books of a cluster that came up or went down. */
void world_refill(struct world *world, int32_t cluster);
void world_drain(struct world *world, int32_t cluster);

/* What came free there, or came up, concerns those who wait. */
static inline void world_touch(struct world *world, int32_t cluster)
{
    if (world->is_touched[cluster])
        return;
    world->is_touched[cluster] = true;
    vector_push(&world->touched, cluster);
}

static inline void world_take(struct world *world, int32_t cluster, const struct allocation *amount,
                              const struct placement *placement)
{
    allocation_subtract(&world->cluster[cluster].free, amount);
    for (int r = 0; r < world->catalog->resources; r++)
        world->used[r] += amount->amount[r];
    if (placement->shares > 0)
        nodes_take(world->node_free[cluster], placement);
}

static inline void world_give(struct world *world, int32_t cluster, const struct allocation *amount,
                              const struct placement *placement)
{
    allocation_add(&world->cluster[cluster].free, amount);
    for (int r = 0; r < world->catalog->resources; r++)
        world->used[r] -= amount->amount[r];
    if (placement->shares > 0)
        nodes_give(world->node_free[cluster], placement);
    world_touch(world, cluster);
}

/* tasks.c: what can happen to one task. Each keeps lists, books, totals and watchers up to date.
 * Placements are copied; on clusters that are not split they are empty. */
void task_arrive(struct world *world, int32_t id);
void task_start(struct world *world, int32_t id, int32_t cluster, const struct allocation *amount,
                const struct placement *placement);
void task_resize(struct world *world, int32_t id, const struct allocation *amount,
                 const struct placement *placement);
void task_migrate(struct world *world, int32_t id, int32_t cluster, const struct allocation *amount,
                  const struct placement *placement);
void tasks_reset(struct world *world); /* frees what tasks of the last episode still hold */
void task_finish(struct world *world, int32_t id);
/* Back to waiting. The caller takes it off the running list if unlist is false. */
void task_preempt(struct world *world, int32_t id);
void task_fail(struct world *world, int32_t id, bool counts, bool unlist);
/* After a walk over a running list: takes those off it that no longer run there, the first of whom
 * stands at first_left. */
void running_compact(struct world *world, int32_t cluster, int32_t first_left);

/* To the allocation of another running task. */
void task_join(struct world *world, int32_t id, int32_t with);

/* company.c: tasks that share one allocation */
int company_size(const struct world *world, int32_t id); /* 1: alone */
void company_enter(struct world *world, int32_t id, int32_t with);
void company_lose(struct world *world, int32_t id);
/* Takes the task out of its company; false if it had none, so that its allocation comes free. */
static inline bool company_leave(struct world *world, int32_t id)
{
    if (world->task[id].companion < 0)
        return false;
    company_lose(world, id);
    return true;
}
void company_set_paces(struct world *world, int32_t id); /* of the task's whole company */
void companies_after_walk(struct world *world);

/* windows.c */
void windows_new(struct world *world);
void windows_free(struct world *world);
void windows_reset(struct world *world);
void windows_enter(struct world *world, int32_t id);
void windows_leave(struct world *world, int32_t id);
void windows_refill(struct world *world);

/* progress.c */
void progress_set_rate(struct world *world, int32_t id); /* after a change of the allocation */
void progress_begin(struct world *world, int32_t id, int32_t from); /* after a start or migration */
double progress_interference(const struct world *world, int32_t id);
double progress_transfer_end(const struct world *world, int32_t from, int32_t to, double mb);

/* slotted.c and continuous.c: on to the next decision point */
void slotted_advance(struct world *world);
void continuous_advance(struct world *world);
void continuous_catch_up(struct world *world, int32_t id);
double continuous_progress(const struct world *world, int32_t id);

/* Progress up to now. */
static inline void continuous_settle(struct world *world, int32_t id)
{
    if (world->hidden[id].stamp_s != world->view.now_s)
        continuous_catch_up(world, id);
}

/* The task's next event is not what it was. */
static inline void continuous_mark(struct world *world, int32_t id)
{
    if (world->hidden[id].marked)
        return;
    world->hidden[id].marked = true;
    vector_push(&world->marked, id);
}

/* Something beside its allocation has changed a running task's speed. */
void progress_refresh_slotted(struct world *world, int32_t id);
static inline void progress_refresh(struct world *world, int32_t id)
{
    if (world->slotted)
        progress_refresh_slotted(world, id);
    else
        continuous_mark(world, id);
}

/* Once that is in force. In slotted time interference is worked out slot by slot. */
static inline void progress_set_multiplier(struct world *world, const struct task *task,
                                           struct hidden *hidden)
{
    hidden->multiplier = hidden->noise * hidden->inverse_work * task->pace;
    if (world->scenario->has_interference && !world->slotted)
        hidden->multiplier *= progress_interference(world, task->id);
}

/* Who runs there has changed. */
static inline void continuous_crowd(struct world *world, int32_t cluster)
{
    if (world->scenario->has_interference)
        vector_push(&world->crowded, cluster);
}

/* outages.c */
void outages_new(struct world *world);
void outages_free(struct world *world);
void outages_reset(struct world *world);
double outages_next(const struct world *world);
void outages_happen(struct world *world); /* all that are due now */
/* The end of a transfer of so many seconds over a link that begins now. */
double outages_delay(const struct world *world, int32_t from, int32_t to, double seconds);

#endif
