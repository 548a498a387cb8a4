/* SPDX-License-Identifier: Apache-2.0 */
/* The policy interface: a const table of functions per policy, and an instance of one. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "core/event.h"
#include "core/plan.h"
#include "core/view.h"

struct catalog;
struct err;
struct estimator;

enum policy_trait {
    POLICY_ELASTIC = 1u << 0,         /* resizes running tasks */
    POLICY_PREEMPTIVE = 1u << 1,      /* sends running tasks back to waiting */
    POLICY_MIGRATING = 1u << 2,       /* moves running tasks between clusters */
    POLICY_WORK_CONSERVING = 1u << 3, /* starts something wherever a waiting task's minimum fits */
    POLICY_BELOW_MINIMUM =
        1u << 4,              /* may hold tasks at less than their minimum: they stand still */
    POLICY_LEARNED = 1u << 5, /* loads a model */
    POLICY_MODEL = 1u << 6,   /* uses the estimator: takes the option model= */
};

struct policy_setup {
    const struct catalog *catalog;
    const struct params *params;       /* of the policy's own options, complete */
    const struct estimator *estimator; /* with POLICY_MODEL; else NULL */
    uint64_t seed;                     /* for rng_stream(&rng, seed, "policy") */
};

struct policy_ops {
    const char *name, *summary;
    const char *source;   /* the paper or system that it follows */
    enum info_class info; /* what it is shown; with POLICY_MODEL, what the model makes of it */
    unsigned traits;      /* enum policy_trait */
    const struct option_spec *options; /* NULL: none */
    size_t state_size;                 /* the core allocates and zeroes it */

    /* Once before an episode. NULL: nothing to do. On failure release is called all the same. */
    int (*init)(void *state, const struct policy_setup *setup, struct err *err);
    /* At every decision point: reads the view, fills the (empty) plan. Required. */
    void (*decide)(void *state, const struct view *view, struct plan *plan);
    /* After everything that happened, in order. NULL: not interested. */
    void (*observe)(void *state, const struct event *event);
    /* Frees what init took. NULL: nothing to free. */
    void (*release)(void *state);
};

struct policy {
    const struct policy_ops *ops;
    void *state;
};

/* A policy ready for an episode; release it with policy_close, also before another episode. */
int policy_open(struct policy *policy, const struct policy_ops *ops,
                const struct policy_setup *setup, struct err *err);
void policy_close(struct policy *policy);

/* "I0" .. "I3" */
const char *info_class_name(enum info_class info);

#endif
