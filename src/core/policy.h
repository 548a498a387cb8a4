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

/* name, word in lists, meaning */
#define POLICY_TRAIT_LIST(X)                                                   \
    X(ELASTIC, "elastic", "resizes running tasks")                             \
    X(PREEMPTIVE, "preemptive", "sends running tasks back to waiting")         \
    X(MIGRATING, "migrating", "moves running tasks between clusters or nodes") \
    X(WORK_CONSERVING, "work-conserving",                                      \
      "starts something wherever a waiting task's minimum fits")               \
    X(BELOW_MINIMUM, "below-minimum",                                          \
      "may hold tasks at less than their minimum: they stand still")           \
    X(LEARNED, "learned", "loads a model of its own")                          \
    X(MODEL, "model", "uses the estimator: takes the option model=")

enum {
#define X(name, word, meaning) POLICY_TRAIT_##name,
    POLICY_TRAIT_LIST(X)
#undef X
        POLICY_TRAITS
};

enum policy_trait {
#define X(name, word, meaning) POLICY_##name = 1u << POLICY_TRAIT_##name,
    POLICY_TRAIT_LIST(X)
#undef X
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

/* "I0" .. "I3", and what that class is shown. */
const char *info_class_name(enum info_class info);
/* The other way round; what is none is INFO_BLIND. */
enum info_class info_class_find(const char *name);
const char *info_class_meaning(enum info_class info);

/* Of bit 0 .. POLICY_TRAITS - 1. */
const char *policy_trait_word(int bit);
const char *policy_trait_meaning(int bit);

#endif
