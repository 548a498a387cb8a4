/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a task asks for, where the policy does not decide that itself: the request rule of rigid
 * policies. It moves results more than most policies do, so it is an option of each, "req".
 */
#ifndef POLICY_REQUEST_H
#define POLICY_REQUEST_H

#include "base/vector.h"
#include "core/policy.h"

/* A row for the option table of every rigid policy. */
#define REQUEST_OPTION                                                                            \
    {                                                                                             \
        "req", OPTION_CHOICE, "trace",                                                            \
            .choices = "min|max|fair|tuned|trace",                                                \
            .help =                                                                               \
                "what a task gets: its minimum, its maximum, an equal share of the clusters "     \
                "that it reaches, what a user who knows the type would ask for, or what its own " \
                "user did ask for (else as tuned)"                                                \
    }

enum request_rule { REQUEST_MIN, REQUEST_MAX, REQUEST_FAIR, REQUEST_TUNED, REQUEST_TRACE };

struct requests {
    enum request_rule rule;
    uint64_t seed;
    VECTOR(struct allocation) amount; /* by task; all zero: not asked for yet */
};

void requests_init(struct requests *requests, const struct policy_setup *setup);
void requests_release(struct requests *requests);

/* What request_of() does for a task that nobody asked about yet. */
const struct allocation *request_settle(struct requests *requests, const struct view *view,
                                        int32_t task);

/* Between the task's minimum and maximum, always the same for one task. It fits an empty cluster of
 * its reach if the minimum does. Borrowed until the next call. */
static inline const struct allocation *request_of(struct requests *requests,
                                                  const struct view *view, int32_t task)
{
    if ((size_t)task < requests->amount.count && !allocation_is_zero(&requests->amount.item[task]))
        return &requests->amount.item[task];
    return request_settle(requests, view, task);
}

#endif
