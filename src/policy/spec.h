/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as users write it: NAME, or NAME:key=value,key=value. The keys are the policy's own
 * options, and model= (core/estimator.h) for those that use speeds.
 */
#ifndef POLICY_SPEC_H
#define POLICY_SPEC_H

#include "base/option.h"

struct err;
struct policy_ops;

struct policy_spec {
    const struct policy_ops *ops;
    struct option_spec *options; /* the policy's own and the common ones; owned */
    struct params params;        /* over options, complete */
    const char *model;           /* what estimator_open() takes; of no meaning without speeds */
    char *label;                 /* as it was written: names the policy in tables and files */
};

/* On failure *spec is empty. Errors say which policy or key is near. */
int policy_spec_parse(struct policy_spec *spec, const char *text, struct err *err);
void policy_spec_release(struct policy_spec *spec);

/* model=, or speeds= of a learned policy, for policies with POLICY_MODEL; what it is unless given
 * follows from the class that the policy declares. Ends with .name == NULL; NULL for the others. */
const struct option_spec *policy_common_options(const struct policy_ops *ops);

#endif
