/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a cluster's resources are best rationed among its tasks, so that the sum of their completion
 * times is least, when everybody may be resized at every event. Long division would be a plan for
 * all events to come; this is one step of policy iteration from the plan that divides equally.
 *
 * Under equal division with n tasks, of which the k-th longest ends when k are left, the sum of
 * completion times is linear in what is left to do: V = sum of w_i x_i (x_i the part that is left,
 * s_i(1/k) progress per second with a k-th of the cluster), and
 *
 *     w_k = (1 + sum over the longer i < k of w_i (s_i(1/(k-1)) - s_i(1/k))) / s_k(1/k).
 *
 * The part that is left of task i is worth w_i, so amounts a_i are chosen that make the sum of
 * w_i s_i(a_i) large: the shorter a task is compared with the others, the more a step of its speed
 * is worth, and the steeper its speed, the more it gets. (For speeds a^p the optimum is known,
 * heSRPT; with p = 1/2 and two tasks it gives the shorter 3/4, this rule 0.77.) Steps go from one
 * choice to any faster one that fits, that with the most gain per dominant share first; what then
 * is left of single resources goes to whoever gains from it as it is.
 *
 * Sources: Berg, Vesilo, Harchol-Balter, "heSRPT", Performance 2020, for the case it is held
 * against; policy improvement: Howard, 1960.
 */
#ifndef AGENT_RATION_H
#define AGENT_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

enum { RATION_CHOICES = 20 };

struct ration_choice {
    struct allocation amount;
    double speed; /* progress per second */
    double share; /* dominant, of the cluster */
};

struct ration_hand {
    int32_t task;
    double left;            /* part to be done, 0 .. 1 */
    double pace;            /* the caller's */
    struct allocation most; /* it may never get more */
    bool fixed;             /* keeps what `at` says */
    int32_t choices, at;    /* at: what it has; choice 0 is the least */
    struct ration_choice choice[RATION_CHOICES];
    double weight, equal_s; /* what its progress is worth; its duration if all
                               is divided equally */
    bool may_step;
    struct ration_choice step; /* the best one now */
    double gain;
};

/* Seconds that a task needs in all with an amount that is none of its choices; HUGE_VAL: never. */
typedef double (*ration_seconds_fn)(const void *arg, const struct ration_hand *hand,
                                    const struct allocation *amount);

struct ration {
    struct allocation capacity, free;
    VECTOR(struct ration_hand) hands;
    VECTOR(double) speeds; /* scratch: by hand and part of the cluster */
};

void ration_release(struct ration *ration);

/* For another cluster. */
void ration_begin(struct ration *ration, const struct allocation *capacity);

/* A task's hand; `least` is what it gets at least, in so many seconds in all. Valid until the next
 * one. */
struct ration_hand *ration_add(struct ration *ration, int32_t task, double left,
                               const struct allocation *least, double seconds);

/* Takes away the hand of a task that has one. */
void ration_remove(struct ration *ration, int32_t task);

/* Another choice, unless it is there already, or is more than hand->most; its index, or -1. */
int32_t ration_offer(const struct ration *ration, struct ration_hand *hand,
                     const struct allocation *amount, double seconds);

/* Sorts the hands, longest first, and finds what the progress of each is worth. */
void ration_weigh(struct ration *ration);

/* The sum of completion times from now on under equal division; after ration_weigh(). */
double ration_value(const struct ration *ration);

/* Divides; false if not even the least amounts fit. After ration_weigh(). */
bool ration_divide(struct ration *ration, ration_seconds_fn seconds, const void *arg);

#endif
