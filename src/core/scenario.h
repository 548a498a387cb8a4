/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: the catalog that everybody may know, and the truth that only the world knows - how
 * fast each type really is, when tasks arrive, what fails. Read from YAML; docs/scenarios.md is
 * made from the tables in scenario_sections.
 */
#ifndef CORE_SCENARIO_H
#define CORE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "core/catalog.h"
#include "core/speed.h"
#include "core/task.h"

struct err;
struct placements;
struct text;
struct yaml_node;

enum draw_kind {
    DRAW_FIXED,
    DRAW_EXPONENTIAL,
    DRAW_UNIFORM,
    DRAW_LOGNORMAL,
    DRAW_PARETO,
    DRAW_HYPEREXPONENTIAL,
};

/* A positive random quantity. */
struct draw {
    enum draw_kind kind;
    double mean;
    double spread; /* uniform: half width over mean; lognormal: sigma; Pareto: shape; hyperexp.:
                      CV^2 */
};

enum noise_kind {
    NOISE_NONE,
    NOISE_ADDITIVE,  /* uniform of the given width, centred on 0, added to the progress of each slot
                      */
    NOISE_LOGNORMAL, /* the speed times exp(sigma z - sigma^2/2), mean 1 */
};

struct noise {
    enum noise_kind kind;
    double width;  /* additive: of the interval; lognormal: sigma */
    bool per_slot; /* lognormal: drawn anew each slot; else once per start */
};

/* What only the world knows of a type. */
struct type_truth {
    struct speed_model speed;
    const struct placements *placements; /* factors on it on nodes; NULL: none */
    double odds;                         /* how often this type arrives, relative to the others */
    struct draw work; /* progress to be made, in runs of the type's speed model */
    struct noise noise;
    double mtbf_s;            /* mean running time between failures; 0: never */
    int32_t retries;          /* failures after which a task is given up; -1: never */
    double suffers;           /* slow-down that each unit of others' pressure causes */
    double pressure;          /* what it exerts on the others of its cluster */
    const char *const *alias; /* other names in arrival files; ends with NULL */
};

enum arrival_process {
    ARRIVALS_POISSON_SLOT, /* a Poisson number at the start of every slot */
    ARRIVALS_POISSON,      /* in continuous time */
    ARRIVALS_BURSTS,       /* two-state Markov-modulated Poisson */
    ARRIVALS_REGULAR,      /* one every 1/rate */
    ARRIVALS_AT_ONCE,      /* all at time 0 */
    ARRIVALS_FILE,
};

struct arrival_rule {
    enum arrival_process process;
    double rate; /* per slot or per second */
    int64_t tasks;
    double until_s;                     /* none after this; INFINITY */
    double burst_rate, burst_s, calm_s; /* bursts: rate inside, mean lengths of both states */
    const double *profile;              /* factors on the rate over a day, evenly spaced; NULL */
    int profiles;
    double day_s;
    const char *file; /* resolved path */
};

enum reach_kind {
    REACH_ALL,
    REACH_RANDOM,   /* size uniform in 1 .. N, then a uniform subset (the paper's rule) */
    REACH_FIXED,    /* a uniform subset of the given size */
    REACH_LISTED,   /* one of the listed sets, by weight */
    REACH_DISTANCE, /* clusters within so many km of a home drawn by origin weight */
};

struct reach_set {
    struct reach reach;
    double weight;
};

struct reach_rule {
    enum reach_kind kind;
    int32_t size;     /* FIXED, and the most that RANDOM draws */
    double within_km; /* DISTANCE */
    const struct reach_set *set;
    int sets;
};

struct outage {
    double at_s, for_s;
    int32_t cluster; /* or one end of a link */
    int32_t other;   /* the other end; -1: the cluster itself is down */
};

/* Random outages of one cluster (or of each): exponential times up and down. */
struct outage_rule {
    int32_t cluster;
    double mtbf_s, mttr_s;
};

/* What starts and changed allocations cost, whatever the types say of it. */
enum switching_preset {
    SWITCHING_OWN,
    SWITCHING_NONE,
    SWITCHING_STALL_5,
    SWITCHING_STALL_30,
    SWITCHING_STALL_60,
    SWITCHING_STALL_120,
    SWITCHING_HALF_SLOT
};
#define SWITCHING_PRESETS "own|none|stall-5|stall-30|stall-60|stall-120|half-slot"

struct scenario {
    struct arena arena;
    const char *name, *summary, *path;
    struct catalog catalog;
    const struct type_truth *truth; /* by type */
    struct arrival_rule arrivals;
    struct reach_rule reach;
    enum switching_preset switching; /* the types' costs are set already */
    bool has_interference;
    const struct outage *outage; /* by time */
    int outages;
    const struct outage_rule *outage_rule;
    int outage_rules;
    double horizon_s;      /* the episode ends here at the latest; INFINITY */
    const char *effective; /* the whole configuration as YAML, bases merged and overrides applied */
};

/*
 * Reads a scenario file. overrides are "path.to.key=value", applied on top (values are YAML). On
 * failure *out is NULL. Release with scenario_free.
 */
int scenario_load(struct scenario **out, const char *path, const char *const *overrides,
                  int override_count, struct err *err);
/* The same from text; name stands for the file in errors, folder is where "extends" looks. */
int scenario_parse(struct scenario **out, const char *name, const char *folder, const char *yaml,
                   const char *const *overrides, int override_count, struct err *err);
void scenario_free(struct scenario *scenario);

/* Type by name or alias, or -1. */
int scenario_find_type(const struct scenario *scenario, const char *name);

/* Mean seconds that a task of the type runs with an allocation, alone and without noise. */
double scenario_mean_seconds(const struct scenario *scenario, int type,
                             const struct allocation *allocation);

/* speed_rate_most() for tasks of the type, on whatever nodes they lie. */
struct rate scenario_rate_most(const struct scenario *scenario, int type,
                               const struct allocation *low, const struct allocation *high);

extern const struct option_section scenario_sections[];

#endif
