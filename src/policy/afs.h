/* SPDX-License-Identifier: Apache-2.0 */
/* What the two forms of Apathetic Future Share have in common. */
#ifndef POLICY_AFS_H
#define POLICY_AFS_H

#include "base/heap.h"
#include "policy/growth.h"
#include "policy/lanes.h"

struct afs;

/* How long a task is taken to be that would run so many seconds with what it holds (HUGE_VAL: it
 * holds nothing). Constant as long as the task waits. */
typedef double (*afs_length_fn)(const struct view *view, int32_t task, double seconds);

struct contestant {
    struct prospect prospect;
    double length;           /* with what it holds */
    struct growth_step step; /* the next, if may_grow */
    bool may_grow;
};

struct afs {
    struct deal deal;
    struct growth growth;
    afs_length_fn length;
    VECTOR(struct contestant) contestants; /* by hand */
    VECTOR(int32_t) holders;               /* hands with something, in order of arrival */
    struct heap empty;                     /* hands with nothing, by what their length would be */
    struct lanes lanes;                    /* likewise tasks that wait and have no hand yet */
    int32_t front;           /* the hand of the first of them, or -1: it has none yet */
    VECTOR(int32_t) taken;   /* tasks out of the lanes that this deal gave something */
    VECTOR(int32_t) hoped;   /* tasks that the last plan started */
    const struct plan *plan; /* of this decision */
};

void afs_init(struct afs *afs, const struct policy_setup *setup, afs_length_fn length);

/* As in struct policy_ops; the state is a struct afs. */
void afs_decide(void *state, const struct view *view, struct plan *plan);
void afs_release(void *state);

#endif
