/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile_grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

bool profile_grid_is_part(const char *word)
{
    return strncmp(word, "cpu=", 4) == 0 || strncmp(word, "gpu=", 4) == 0;
}

static int add_amount(struct profile_axis *axis, int amount, struct err *err)
{
    int at = axis->count;

    for (int i = 0; i < axis->count; i++)
        if (axis->amount[i] == amount)
            return 0;
    if (axis->count == GRID_MOST)
        return err_set(err, ERR_INVALID, "--grid: more than %d amounts of one resource", GRID_MOST);
    for (; at > 0 && axis->amount[at - 1] > amount; at--)
        axis->amount[at] = axis->amount[at - 1];
    axis->amount[at] = amount;
    axis->count++;
    return 0;
}

/* The amounts of one word behind its "=", up to its end. */
static int add_amounts(struct profile_axis *axis, const char *at, const char *end, int least,
                       struct err *err)
{
    for (;;) {
        char *rest;
        long amount = strtol(at, &rest, 10);
        int rc;

        if (rest == at || rest > end || amount < least || amount > 100000 ||
            (rest < end && *rest != ','))
            return err_set(err, ERR_INVALID,
                           "--grid: \"%.*s\": expected whole numbers of at least %d between "
                           "commas, like cpu=1,2,4",
                           (int)(end - at), at, least);
        rc = add_amount(axis, (int)amount, err);
        if (rc || rest == end)
            return rc;
        at = rest + 1;
    }
}

int profile_grid_add(struct profile_grid *grid, const char *words, struct err *err)
{
    int rc = 0;

    for (const char *at = words + strspn(words, " "); *at && rc == 0; at += strspn(at, " ")) {
        const char *end = at + strcspn(at, " ");
        bool cpu = *at == 'c';

        if (!profile_grid_is_part(at))
            return err_set(err, ERR_INVALID,
                           "--grid: \"%.*s\": expected amounts like cpu=1,2,4 or gpu=0,1",
                           (int)(end - at), at);
        rc = add_amounts(cpu ? &grid->cpu : &grid->gpu, at + 4, end, cpu, err);
        at = end;
    }
    return rc;
}

void profile_grid_finish(struct profile_grid *grid)
{
    if (!grid->cpu.count)
        grid->cpu = (struct profile_axis){{1}, 1};
    if (!grid->gpu.count)
        grid->gpu = (struct profile_axis){{0}, 1};
}
