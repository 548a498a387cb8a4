/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include <stdlib.h>

#include "base/memory.h"

int policy_open(struct policy *policy, const struct policy_ops *ops,
                const struct policy_setup *setup, struct err *err)
{
    int rc = 0;

    policy->ops = ops;
    policy->state = xcalloc(1, ops->state_size);
    if (ops->init)
        rc = ops->init(policy->state, setup, err);
    if (rc)
        policy_close(policy);
    return rc;
}

void policy_close(struct policy *policy)
{
    if (!policy->ops)
        return;
    if (policy->ops->release)
        policy->ops->release(policy->state);
    free(policy->state);
    *policy = (struct policy){0};
}

const char *info_class_name(enum info_class info)
{
    static const char *const name[] = {"I0", "I1", "I2", "I3"};

    return name[info];
}
