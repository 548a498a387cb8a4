/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knee: first in, first out, each task with the smallest allocation whose speed is within 10 % of
 * the best that its type can reach, cut to what is free.
 *
 * Smallest means the least sum over resources of amount over total capacity. Speeds are taken at
 * progress 0 from the estimator, once per type.
 *
 * Good for its simplicity: on the paper's scenarios it beats every published baseline, because most
 * tasks stop gaining well before their maximum. Bad under overload, where even the knee is too
 * generous, and because it never gives back.
 *
 * Source: the deterministic policy of the golden episodes (FIFO90), generalised; paper.md,
 * section 3.
 */
#include "base/memory.h"
#include "core/choices.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "policy/fifo.h"
#include "policy/registry.h"

#include <stdlib.h>

enum { CHOICES = 4096 };

struct knee {
    struct fifo fifo;
    struct allocation *amount; /* by type */
};

static const struct option_spec options[] = {
    {"within", OPTION_REAL, "0.1", .low = 0, .high = 1,
     .help = "how far below the best speed the knee may lie"},
    {0},
};

static struct allocation find_knee(const struct policy_setup *setup, int type, double within)
{
    const struct type_info *info = &setup->catalog->type[type];
    struct allocation most = allocation_least(&info->max, &setup->catalog->largest);
    struct allocation knee = info->min;
    struct choices choices;
    double best = 0, smallest = 0;

    most = allocation_most(&most, &info->min);
    choices_make(&choices, &info->min, &most, setup->catalog->resources, CHOICES);
    for (int32_t i = 0; i < choices.count; i++) {
        double speed = estimator_speed(setup->estimator, type, &choices.item[i], 0);

        best = speed > best ? speed : best;
    }
    for (int32_t i = choices.count - 1; i >= 0; i--) {
        double size = allocation_share_sum(&choices.item[i], &setup->catalog->total);

        if (estimator_speed(setup->estimator, type, &choices.item[i], 0) < (1 - within) * best)
            continue;
        if (smallest == 0 || size <= smallest) {
            smallest = size;
            knee = choices.item[i];
        }
    }
    choices_release(&choices);
    return knee;
}

static int init(void *state, const struct policy_setup *setup, struct err *err)
{
    struct knee *s = state;

    (void)err;
    fifo_init(&s->fifo, setup->catalog);
    s->amount = xcalloc((size_t)setup->catalog->types, sizeof *s->amount);
    for (int i = 0; i < setup->catalog->types; i++)
        s->amount[i] = find_knee(setup, i, params_real(setup->params, "within"));
    return 0;
}

static void release(void *state)
{
    struct knee *s = state;

    free(s->amount);
}

static struct allocation clipped(const void *arg, const struct view *view, int32_t id,
                                 const struct allocation *free)
{
    const struct knee *s = arg;
    const struct task *task = &view->task[id];
    struct allocation amount = allocation_least(&s->amount[task->type], &task->max);

    amount = allocation_least(&amount, free);
    return allocation_most(&amount, &task->min);
}

static void decide(void *state, const struct view *view, struct plan *plan)
{
    struct knee *s = state;

    fifo_decide(&s->fifo, view, plan, clipped, s);
}

const struct policy_ops policy_knee = {
    .name = "knee",
    .summary = "first in, first out, the smallest allocation within 10 % of the best speed",
    .source = "FIFO90 of the golden episodes, generalised",
    .info = INFO_MODEL,
    .traits = POLICY_WORK_CONSERVING | POLICY_MODEL,
    .options = options,
    .state_size = sizeof(struct knee),
    .init = init,
    .decide = decide,
    .release = release,
};
