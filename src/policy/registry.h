/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All policies. To add one: write src/policy/NAME.c with a table policy_NAME at its end, and add a
 * line here. That is all; --help, docs, completion and the conformance tests come from the list.
 */
#ifndef POLICY_REGISTRY_H
#define POLICY_REGISTRY_H

#include "core/policy.h"

#define POLICY_LIST(X)  \
    X(fifo_min)         \
    X(random)           \
    X(srtf)             \
    X(srsf)             \
    X(sjf)              \
    X(tiresias)         \
    X(tiresias_gittins) \
    X(optimus)          \
    X(drf)              \
    X(afs_l)            \
    X(afs_p)            \
    X(tetris)           \
    X(kubernetes)       \
    X(yarn)             \
    X(wang_online)      \
    X(fair)             \
    X(knee)             \
    X(planner)          \
    X(oracle)           \
    X(tapfinger)        \
    X(paper_min)        \
    X(paper_random)     \
    X(paper_optimus)    \
    X(paper_tiresias)   \
    X(pollux)           \
    X(sia)              \
    X(gavel)            \
    X(gandiva)          \
    X(muri_s)           \
    X(muri_l)

#define X(name) extern const struct policy_ops policy_##name;
POLICY_LIST(X)
#undef X

extern const struct policy_ops *const policies[]; /* ends with NULL */

/* By name, or NULL. */
const struct policy_ops *policy_find(const char *name);
/* The known name nearest to a mistyped one, or NULL. */
const char *policy_nearest(const char *name);

#endif
