/* SPDX-License-Identifier: Apache-2.0 */
/* One step of learning from recorded decisions. */
#ifndef MARL_LESSON_H
#define MARL_LESSON_H

#include "agent/record.h"
#include "nn/adam.h"
#include "nn/shards.h"

struct actor;
struct err;

/* How to learn from a batch. */
struct lesson {
    const struct actor *actor;
    const struct record_place *place;
    int32_t count;
    bool reinforce; /* from what was done and its advantage; else from what is wanted */
    double clip, entropy;
};

/* What a batch said, before the step. */
struct lesson_report {
    double loss;
    double agreement; /* part of the option sets in which the likeliest is wanted, or was taken */
    double amount_agreement; /* the same of amounts */
    double entropy;          /* mean over option sets */
    double gradient;         /* its length */
    int64_t option_sets, amount_sets;
};

/* A step down the gradient. Fails with ERR_CORRUPT when the gradient is not finite; the weights are
 * then as they were. */
int lesson_step(const struct lesson *lesson, struct shards *shards, struct adam *adam, double rate,
                struct lesson_report *report, struct err *err);

#endif
