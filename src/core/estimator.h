/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The estimator: what is believed about speeds. The only door through which a policy learns of
 * them; what stands behind it (true speeds, a noisy profile, a fit) decides the policy's
 * information class.
 */
#ifndef CORE_ESTIMATOR_H
#define CORE_ESTIMATOR_H

#include <stddef.h>
#include <stdint.h>

#include "core/allocation.h"
#include "core/view.h"

struct err;
struct catalog;
struct event;
struct scenario;
struct task;

struct estimator {
    const struct estimator_ops *ops;
    void *state;
};

struct estimator_ops {
    const char *name, *summary;
    enum info_class info; /* what a policy that uses it counts as */
    /* Progress per second of a task of the type at a progress in 0 .. 1. */
    double (*speed)(const void *state, int32_t type, const struct allocation *allocation,
                    double progress);
    /* Expected seconds from a progress to the end, in slotted worlds to the end of the slot in
     * which it comes; HUGE_VAL: never. */
    double (*seconds)(const void *state, int32_t type, const struct allocation *allocation,
                      double from);
    /* One profiling run of one slot (or second): progress per second with the type's noise. The
     * same draw gives the same figure. */
    double (*sample)(const void *state, int32_t type, const struct allocation *allocation,
                     double progress, uint64_t draw);
    /* Counts how often what is believed of the type has changed. NULL: never. */
    int32_t (*version)(const void *state, int32_t type);
    /* The word for the formula that is believed to describe the type. NULL: there is none. */
    const char *(*family)(const void *state, int32_t type);
    /* What happened, in order; task is the event's, or NULL. NULL: not interested. */
    void (*observe)(void *state, const struct event *event, const struct task *task);
    void (*release)(void *state);
};

/*
 * Opens what a "model=" option names:
 *
 * - true          the true speeds
 * - noisy:S       the true speed of each (type, allocation) times a fixed lognormal factor, sigma S
 * - profile:FILE  the speeds that another scenario gives to types of the same names
 * - fitted:K      a speed model per type, fitted to K noisy measurements of one slot or second
 * - online        a speed model per type, fitted to the progress of the tasks that ran so far
 * - guess         one speed model for every type, right or wrong
 *
 * The scenario must outlive it. Close with estimator_close.
 */
int estimator_open(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                   const char *model, struct err *err);
void estimator_close(struct estimator *estimator);

/* `online` where nothing but the catalog is known, which must outlive it: a live site. */
void estimator_open_online(struct estimator *estimator, const struct catalog *catalog);

/* Tells an online estimator of a stretch of a task's life: progress from .. to with one allocation
 * in so many seconds. What a site remembers of earlier tasks comes in this way. */
void estimator_learn(struct estimator *estimator, int32_t type, const struct allocation *allocation,
                     double from, double to, double seconds);

/* From now on fitted:K learns from the tasks that run, too, as online does. Others stay as they
 * are. */
void estimator_keep_watching(const struct estimator *estimator);

static inline double estimator_speed(const struct estimator *e, int32_t type,
                                     const struct allocation *allocation, double progress)
{
    return e->ops->speed(e->state, type, allocation, progress);
}

static inline double estimator_seconds(const struct estimator *e, int32_t type,
                                       const struct allocation *allocation, double from)
{
    return e->ops->seconds(e->state, type, allocation, from);
}

static inline double estimator_sample(const struct estimator *e, int32_t type,
                                      const struct allocation *allocation, double progress,
                                      uint64_t draw)
{
    return e->ops->sample(e->state, type, allocation, progress, draw);
}

static inline int32_t estimator_version(const struct estimator *e, int32_t type)
{
    return e->ops->version ? e->ops->version(e->state, type) : 0;
}

/* The word for the formula that is believed to describe the type, or NULL. */
static inline const char *estimator_family(const struct estimator *e, int32_t type)
{
    return e->ops->family ? e->ops->family(e->state, type) : NULL;
}

#endif
