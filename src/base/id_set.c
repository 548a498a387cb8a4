/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void id_set_release(struct id_set *set)
{
    free(set->added);
    *set = (struct id_set){0};
}

void id_set_grow(struct id_set *set, int32_t id)
{
    int32_t ids = set->ids ? set->ids : 64;

    BUG_ON(id < 0);
    while (ids <= id)
        ids = ids > INT32_MAX / 2 ? INT32_MAX : ids * 2;
    set->added = xrealloc(set->added, (size_t)ids, sizeof *set->added);
    memset(set->added + set->ids, 0, (size_t)(ids - set->ids) * sizeof *set->added);
    set->ids = ids;
    if (set->round == 0)
        set->round = 1;
}

void id_set_forget(struct id_set *set)
{
    if (set->ids > 0)
        memset(set->added, 0, (size_t)set->ids * sizeof *set->added);
    set->round = 1;
}
