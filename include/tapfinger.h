/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libtapfinger: simulate edge clusters and their schedulers from C (or anything that calls C).
 *
 *     struct tap_scenario *scenario;
 *     struct tap_metrics metrics;
 *     char error[TAP_ERROR_BYTES];
 *
 *     if (tap_scenario_load(&scenario, "hetero-6.yaml", NULL, 0, error) != TAP_OK) ...
 *     tap_run(scenario, "knee", 1, &metrics, error);          a policy of ours, start to end
 *
 * or decision by decision, with a policy of your own:
 *
 *     tap_world_new(&world, scenario);
 *     tap_world_reset(world, 1, error);
 *     while (!tap_world_done(world)) {
 *         tap_world_view(world, &view);                       look
 *         tap_world_start(world, task, cluster, amount);      say what to do, as often as you like
 *         tap_world_apply(world);                             it happens; time goes on
 *     }
 *     tap_world_metrics(world, &metrics);
 *
 * Conventions. Quantities are whole numbers in the units of the scenario's resources, in arrays of
 * TAP_RESOURCES entries of which the scenario uses the first tap_scenario_resources(); the others
 * are ignored. Times are seconds (_s); those of struct tap_metrics are in the scenario's time unit
 * (slots, or seconds; tap_scenario_time_unit_s() says how long one is). Ids of
 * tasks count from 0 in order of arrival; clusters, resources and types are indices in the order of
 * the file. Functions that can fail return a code of enum tap_code and write a message of at most
 * TAP_ERROR_BYTES into error unless it is NULL. What a function returns by pointer is borrowed
 * until the next call on the same object unless it says otherwise. Objects may be used by one
 * thread at a time; different worlds of one scenario may be used by different threads at once, and
 * the scenario must outlive them. Arguments that make no sense (a task that does not exist, an
 * amount below zero) are refused, never carried out; NULL is allowed only where it is said to be.
 *
 * Within one soname nothing that is here changes: functions are only added, enumerators only added
 * at the end, and structs, which the caller allocates, keep their layout.
 */
#ifndef TAPFINGER_H
#define TAPFINGER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TAP_API __attribute__((visibility("default")))

enum { TAP_RESOURCES = 8, TAP_ERROR_BYTES = 1024 };

enum tap_code {
    TAP_OK = 0,
    TAP_INVALID = -1,   /* input that breaks a documented rule; the message says which and where */
    TAP_IO = -2,        /* a file cannot be read */
    TAP_NOT_FOUND = -3, /* a name that nobody has; the message suggests one */
    TAP_LIMIT = -4,     /* larger than a documented limit */
    TAP_UNSUPPORTED = -5, /* not possible in this build or scenario */
    TAP_CORRUPT = -6,     /* a file that fails its own checks */
    TAP_INTERRUPTED = -7,
};

struct tap_scenario;
struct tap_world;

/* "0.1.0"; static. */
TAP_API const char *tap_version(void);

/* ---- Scenarios ---- */

/* Reads a scenario file. overrides are "path.to.key=value", applied on top; may be NULL. *out is
 * owned by the caller, and NULL on failure. */
TAP_API int tap_scenario_load(struct tap_scenario **out, const char *path,
                              const char *const *overrides, int override_count, char *error);
/* The same from YAML text; name stands for the file in messages, and files that the text names are
 * looked up from the working directory. */
TAP_API int tap_scenario_parse(struct tap_scenario **out, const char *name, const char *yaml,
                               char *error);
TAP_API void tap_scenario_free(struct tap_scenario *scenario); /* NULL is fine */

TAP_API const char *tap_scenario_name(const struct tap_scenario *scenario);
TAP_API double tap_scenario_slot_s(const struct tap_scenario *scenario); /* 0: event-driven */
/* What one unit of the times in struct tap_metrics is: the slot, or 1. */
TAP_API double tap_scenario_time_unit_s(const struct tap_scenario *scenario);
TAP_API int tap_scenario_resources(const struct tap_scenario *scenario);
TAP_API int tap_scenario_clusters(const struct tap_scenario *scenario);
TAP_API int tap_scenario_types(const struct tap_scenario *scenario);

/* NULL when the index is out of range; borrowed for the life of the scenario. */
TAP_API const char *tap_scenario_resource_name(const struct tap_scenario *scenario, int resource);
TAP_API const char *tap_scenario_cluster_name(const struct tap_scenario *scenario, int cluster);
TAP_API const char *tap_scenario_type_name(const struct tap_scenario *scenario, int type);

/* ---- Policies and whole episodes ---- */

/* Names of the built-in policies, one by one; NULL past the last. Static. */
TAP_API const char *tap_policy_name(int index);

/* Times are in the scenario's time unit: slots if it has a slot, else seconds. Means are over
 * finished tasks, NAN if there are none. */
struct tap_metrics {
    int64_t tasks, finished, lost, unfinished;
    double mean_completion, p50, p95, p99, longest; /* completion time: finish minus arrival */
    double mean_wait;                               /* part of it spent without an allocation */
    double mean_slowdown; /* completion over the best time that the task could have had alone */
    double fairness;      /* Jain's index over slowdowns, 0 .. 1 */
    double makespan;      /* from 0 to the end of the last task */
    double utilisation[TAP_RESOURCES]; /* held over owned, 0 .. 1 */
    int64_t starts, resizes, preemptions, migrations, failures, refusals;
    int64_t decisions;
    double decision_us; /* mean processor time of one decision; not reproducible */
};

/* Runs a policy from start to end. policy is NAME or NAME:key=value,...; the same seed gives the
 * same arrivals to every policy and the same figures (but decision_us) on every machine. */
TAP_API int tap_run(const struct tap_scenario *scenario, const char *policy, uint64_t seed,
                    struct tap_metrics *out, char *error);

/* ---- The world, decision by decision ---- */

/* A world of its own over the scenario, owned by the caller. Until its first reset it is empty and
 * done. Never fails. */
TAP_API void tap_world_new(struct tap_world **out, const struct tap_scenario *scenario);
TAP_API void tap_world_free(struct tap_world *world); /* NULL is fine */

/* Empties the world and goes to the first decision of the episode that this seed makes. Fails only
 * if the scenario reads its arrivals from a file, and that cannot be read. */
TAP_API int tap_world_reset(struct tap_world *world, uint64_t seed, char *error);

/* Whether the episode is over: nothing can be decided any more, only metrics read. */
TAP_API bool tap_world_done(const struct tap_world *world);

struct tap_view {
    double now_s;
    int32_t tasks; /* that have arrived so far: ids 0 .. tasks-1 */
    int32_t waiting, running;
    int32_t round;    /* slotted: how often it was asked before in this slot */
    int64_t decision; /* counts from 0 */
};

enum tap_task_state { TAP_WAITING = 1, TAP_RUNNING = 2, TAP_DONE = 3, TAP_FAILED = 4 };

struct tap_task {
    int32_t id, type;
    enum tap_task_state state;
    int32_t cluster;                           /* where it runs or last ran; -1 before */
    int32_t home;                              /* where its data lies */
    double arrival_s, first_start_s, finish_s; /* -1 while they are to come */
    double progress;                           /* 0 .. 1 */
    int32_t min[TAP_RESOURCES], max[TAP_RESOURCES], allocation[TAP_RESOURCES];
    const int32_t *reach; /* clusters where it may run, ascending */
    int32_t reach_count;
};

struct tap_cluster {
    int32_t capacity[TAP_RESOURCES], free[TAP_RESOURCES];
    bool up;
    bool may_start;         /* false while down, or after its one start of a slot */
    const int32_t *running; /* ids in the order of their starts */
    int32_t running_count;
    const int32_t *window; /* with a window: id per slot, -1 where empty; else NULL */
    int32_t window_slots;
    int32_t queued; /* tasks behind the window */
};

TAP_API void tap_world_view(const struct tap_world *world, struct tap_view *out);
/* false, and nothing written, when there is no such task or cluster (yet). */
TAP_API bool tap_world_task(const struct tap_world *world, int32_t task, struct tap_task *out);
TAP_API bool tap_world_cluster(const struct tap_world *world, int32_t cluster,
                               struct tap_cluster *out);

/* Ids of the tasks that a cluster could start now, capacity aside, in order of arrival; of all
 * waiting tasks with cluster -1. Writes at most max of them and returns how many there are. */
TAP_API int32_t tap_world_waiting(const struct tap_world *world, int32_t cluster, int32_t *out,
                                  int32_t max);

/*
 * Each adds one action to the plan of this decision; amount has TAP_RESOURCES entries. The world
 * judges the plan when it is applied: preemptions first, then what resizes and migrations give
 * back, then growth and starts in the order in which they were added. What breaks a rule is refused
 * and counted, never applied.
 */
TAP_API void tap_world_start(struct tap_world *world, int32_t task, int32_t cluster,
                             const int32_t *amount);
TAP_API void tap_world_resize(struct tap_world *world, int32_t task, const int32_t *amount);
TAP_API void tap_world_preempt(struct tap_world *world, int32_t task);
TAP_API void tap_world_migrate(struct tap_world *world, int32_t task, int32_t cluster,
                               const int32_t *amount);
/* Event-driven: ask again at this time at the latest, also if nothing happens before. */
TAP_API void tap_world_wake(struct tap_world *world, double at_s);

/* Carries out the plan and goes on to the next decision. Returns how many actions were applied;
 * their reasons, if some were not, are in tap_world_refusal(). Nothing after the episode is over.
 */
TAP_API int32_t tap_world_apply(struct tap_world *world);

/* The reasons for which actions can be refused (static words) and how often each was so far; NULL
 * past the last. */
TAP_API const char *tap_world_refusal(const struct tap_world *world, int reason, int64_t *count);

/* Figures so far; of the whole episode once it is over. decision_us is 0. */
TAP_API void tap_world_metrics(const struct tap_world *world, struct tap_metrics *out);

#ifdef __cplusplus
}
#endif

#endif
