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

enum info_class info_class_find(const char *name)
{
    for (int i = INFO_BLIND; i <= INFO_ORACLE; i++)
        if (strcmp(info_class_name((enum info_class)i), name) == 0)
            return (enum info_class)i;
    return INFO_BLIND;
}

const char *info_class_meaning(enum info_class info)
{
    static const char *const meaning[] = {
        "arrivals, types, limits, attained service and free capacity",
        "the same, and the progress of running tasks",
        "the same, and speeds as profiled or fitted",
        "the same, and the true speeds",
    };

    return meaning[info];
}

const char *policy_trait_word(int bit)
{
    static const char *const word[] = {
#define X(name, text, meaning) text,
        POLICY_TRAIT_LIST(X)
#undef X
    };

    return word[bit];
}

const char *policy_trait_meaning(int bit)
{
    static const char *const meaning[] = {
#define X(name, word, text) text,
        POLICY_TRAIT_LIST(X)
#undef X
    };

    return meaning[bit];
}
