/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/view.h"
#include "sim/ideal.h"
#include "sim/world.h"

static void swap(double *a, double *b)
{
    double held = *a;

    *a = *b;
    *b = held;
}

/* Moves the k-th smallest of x[low .. high] to its place, smaller ones before it (Hoare's
 * selection, median of three). */
static void select_kth(double *x, int64_t low, int64_t high, int64_t k)
{
    while (low < high) {
        int64_t i = low, j = high, middle = low + (high - low) / 2;
        double pivot;

        if (x[middle] < x[low])
            swap(&x[middle], &x[low]);
        if (x[high] < x[low])
            swap(&x[high], &x[low]);
        if (x[high] < x[middle])
            swap(&x[high], &x[middle]);
        pivot = x[middle];
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i <= j)
                swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
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
    for (int32_t i = 0; i < view->tasks; i++) {
        const struct task *task = &view->task[i];

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
