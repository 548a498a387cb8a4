/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/registry.h"

#include <string.h>

#include "base/memory.h"
#include "base/option.h"

const struct policy_ops *const policies[] = {
#define X(name) &policy_##name,
    POLICY_LIST(X)
#undef X
        NULL,
};

const struct policy_ops *policy_find(const char *name)
{
    for (int i = 0; policies[i]; i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return NULL;
}

const char *policy_nearest(const char *name)
{
    const char *names[COUNT_OF(policies)];
    int count = 0;

    for (; policies[count]; count++)
        names[count] = policies[count]->name;
    return nearest_name(names, count, name);
}
