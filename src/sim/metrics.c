/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/view.h"
#include "sim/ideal.h"
#include "sim/world.h"

/* Brings x[low .. high] into two parts, below the pivot and not, and returns where the second
 * begins. Without a branch on the data: times are in no order that could be guessed. */
static int64_t part_below(double *x, int64_t low, int64_t high, double pivot, bool or_equal)
{
    int64_t kept = low;

    for (int64_t i = low; i <= high; i++) {
        double value = x[i];

        x[i] = x[kept];
        x[kept] = value;
        kept += or_equal ? value <= pivot : value < pivot;
    }
    return kept;
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Moves the k-th smallest of x[low .. high] to its place, smaller ones before it (Hoare's
 * selection; equal values, of which slots make many, are set aside together). */
static void select_kth(double *x, int64_t low, int64_t high, int64_t k)
{
    while (low < high) {
        double pivot = median_of_three(x[low], x[low + (high - low) / 2], x[high]);
        int64_t equal = part_below(x, low, high, pivot, false);
        int64_t above = part_below(x, equal, high, pivot, true);

        if (k < equal)
            high = equal - 1;
        else if (k >= above)
            low = above;
        else
            return;
    }
}

/* Linear between the two nearest ranks, as most statistics programs do by default (type 7).
 * Reorders x; everything below *from must be in its place already, as far as later calls with
 * larger q care. */
static double quantile(double *x, int64_t count, double q, int64_t *from)
{
    double at = q * (double)(count - 1);
    int64_t below = (int64_t)at;

    if (count == 0)
        return (double)NAN;
    select_kth(x, *from, count - 1, below);
    *from = below;
    if (below + 1 >= count)
        return x[below];
    select_kth(x, below + 1, count - 1, below + 1);
    return x[below] + (at - (double)below) * (x[below + 1] - x[below]);
}

struct sums {
    double completion, wait, slowdown, slowdown_squares;
    int64_t slowdowns;
};

static void add_task(struct sums *sums, const struct task *task, double unit_s, double ideal_s)
{
    double completion_s = task->finish_s - task->arrival_s;

    sums->completion += completion_s / unit_s;
    sums->wait += (completion_s - task->ran_s) / unit_s;
    if (ideal_s > 0 && ideal_s < HUGE_VAL) {
        double slowdown = completion_s / ideal_s;

        sums->slowdown += slowdown;
        sums->slowdown_squares += slowdown * slowdown;
        sums->slowdowns++;
    }
}

static void take_totals(struct metrics *m, const struct world *world)
{
    const struct world_totals *totals = world_totals(world);
    const struct catalog *catalog = world_view(world)->catalog;

    m->lost = totals->lost;
    m->unfinished = m->tasks - m->finished - m->lost;
    m->starts = totals->starts;
    m->resizes = totals->resizes;
    m->preemptions = totals->preemptions;
    m->migrations = totals->migrations;
    m->failures = totals->failures;
    m->decisions = totals->decisions;
    m->stuck = totals->stuck;
    m->makespan = totals->end_s / catalog->time_unit_s;
    m->in_system = totals->end_s > 0 ? totals->in_system_s / totals->end_s : 0;
    for (int r = 0; r < catalog->resources; r++)
        if (totals->capacity_s[r] > 0)
            m->utilisation[r] = totals->used_s[r] / totals->capacity_s[r];
    for (int i = 0; i < REFUSALS; i++) {
        m->refused[i] = totals->refused[i];
        m->refusals += totals->refused[i];
    }
}

void metrics_take(struct metrics *m, const struct world *world, struct ideal *ideal)
{
    const struct view *view = world_view(world);
    double unit_s = view->catalog->time_unit_s;
    double *completion = xcalloc((size_t)view->tasks, sizeof *completion);
    struct sums sums = {0};
    int64_t placed = 0;

    memset(m, 0, sizeof *m);
    m->tasks = world_task_count(world);
    m->bound = m->bound_gap = (double)NAN;
    for (int32_t i = 0; i < view->tasks; i++) {
        const struct task *task = &view->task[i];
        int32_t starts = world_starts(world, i);

        m->most_starts = starts > m->most_starts ? starts : m->most_starts;
        if (task->state != TASK_DONE)
            continue;
        add_task(&sums, task, unit_s, ideal_seconds(ideal, task, world_work(world, i)));
        completion[m->finished++] = (task->finish_s - task->arrival_s) / unit_s;
    }
    m->mean_completion = sums.completion / (double)m->finished;
    m->mean_wait = sums.wait / (double)m->finished;
    m->mean_slowdown = sums.slowdown / (double)sums.slowdowns;
    m->fairness = sums.slowdown * sums.slowdown / ((double)sums.slowdowns * sums.slowdown_squares);
    m->p50 = quantile(completion, m->finished, 0.5, &placed);
    m->p95 = quantile(completion, m->finished, 0.95, &placed);
    m->p99 = quantile(completion, m->finished, 0.99, &placed);
    m->longest = quantile(completion, m->finished, 1, &placed);
    free(completion);
    take_totals(m, world);
}
