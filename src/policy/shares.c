/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progressive filling in small steps. For needs that depend on a task's own part alone, and fall as
 * it grows, that is what a linear or convex program over the parts comes to, but for the size of a
 * step and for cases in which a task would have to be moved from one cluster to another to make
 * room: those are not looked for. Ties go to the lower task, and to the lower cluster.
 */
#include "policy/shares.h"

#include "core/catalog.h"

void shares_init(struct shares *shares)
{
    *shares = (struct shares){0};
    heap_init(&shares->next);
}

void shares_release(struct shares *shares)
{
    vector_release(&shares->tasks);
    vector_release(&shares->item);
    vector_release(&shares->free);
    vector_release(&shares->first);
    vector_release(&shares->steps);
    heap_release(&shares->next);
}

void shares_clear(struct shares *shares)
{
    vector_clear(&shares->tasks);
    vector_clear(&shares->item);
    vector_clear(&shares->first);
    vector_clear(&shares->steps);
}

void shares_add_task(struct shares *shares, int32_t task, const struct allocation *request)
{
    vector_push(&shares->tasks, ((struct share_task){task, *request, 0}));
    vector_push(&shares->first, -1);
}

static void empty_clusters(struct shares *shares, const struct view *view)
{
    const struct catalog *catalog = view->catalog;

    vector_clear(&shares->free);
    for (int32_t c = 0; c < catalog->clusters; c++)
        for (int r = 0; r < catalog->resources; r++)
            vector_push(&shares->free,
                        view->cluster[c].up ? catalog->cluster[c].capacity.amount[r] : 0);
}

/* The largest part of any resource that would be in use with one more step; above 1: no room. */
static double use_with_step(const struct shares *shares, const struct view *view, int32_t cluster,
                            const struct allocation *request)
{
    const struct allocation *capacity = &view->catalog->cluster[cluster].capacity;
    const double *free = shares->free.item + cluster * view->catalog->resources;
    double most = 0;

    for (int r = 0; r < view->catalog->resources; r++) {
        double left = free[r] - (double)request->amount[r] / SHARE_STEPS, use;

        if (request->amount[r] == 0)
            continue;
        if (left < -1e-9 || request->amount[r] > capacity->amount[r])
            return 2;
        use = 1 - left / capacity->amount[r];
        most = use > most ? use : most;
    }
    return most;
}

static bool take_step(struct shares *shares, const struct view *view, int32_t place)
{
    struct share_task *task = &shares->tasks.item[place];
    const struct reach *reach = &view->task[task->task].reach;
    int32_t best = -1;
    double least = 1.5;

    for (int32_t i = 0; i < reach->count; i++) {
        double use = use_with_step(shares, view, reach->cluster[i], &task->request);

        if (use < least) {
            least = use;
            best = reach->cluster[i];
        }
    }
    if (best < 0)
        return false;
    for (int r = 0; r < view->catalog->resources; r++)
        shares->free.item[best * view->catalog->resources + r] -=
            (double)task->request.amount[r] / SHARE_STEPS;
    vector_push(&shares->steps, ((struct share_step){best, shares->first.item[place]}));
    shares->first.item[place] = (int32_t)shares->steps.count - 1;
    task->part += 1.0 / SHARE_STEPS;
    return true;
}

struct allocation shares_least(const struct shares *shares)
{
    struct allocation least = {{0}};

    for (size_t i = 0; i < shares->tasks.count; i++)
        least = i == 0 ? shares->tasks.item[0].request
                       : allocation_least(&least, &shares->tasks.item[i].request);
    return least;
}

/* Whether no cluster has room for a step of so little. */
static bool is_spent(const struct shares *shares, const struct view *view,
                     const struct allocation *least)
{
    for (int32_t c = 0; c < view->catalog->clusters; c++)
        if (use_with_step(shares, view, c, least) < 1.5)
            return false;
    return true;
}

/* Steps of one task become its parts. */
static void sum_up(struct shares *shares, int32_t place)
{
    size_t begin = shares->item.count;

    for (int32_t s = shares->first.item[place]; s >= 0; s = shares->steps.item[s].next) {
        int32_t cluster = shares->steps.item[s].cluster;
        size_t i = begin;

        while (i < shares->item.count && shares->item.item[i].cluster != cluster)
            i++;
        if (i == shares->item.count)
            vector_push(&shares->item,
                        ((struct share){shares->tasks.item[place].task, cluster, 0, 0}));
        shares->item.item[i].part += 1.0 / SHARE_STEPS;
    }
}

void shares_fill(struct shares *shares, const struct view *view, share_need_fn need,
                 const void *arg)
{
    struct allocation least = shares_least(shares);
    int32_t tasks = (int32_t)shares->tasks.count, vain = 0;

    empty_clusters(shares, view);
    heap_reset(&shares->next);
    for (int32_t i = 0; i < tasks; i++)
        heap_set(&shares->next, i, need(arg, view, &shares->tasks.item[i]));
    while (!heap_is_empty(&shares->next)) {
        int32_t i = heap_peek(&shares->next).id;
        bool taken = take_step(shares, view, i);

        if (taken && shares->tasks.item[i].part < 1 - 0.5 / SHARE_STEPS)
            heap_set(&shares->next, i, need(arg, view, &shares->tasks.item[i]));
        else
            heap_pop(&shares->next);
        if (!taken && vain++ % view->catalog->clusters == 0 && is_spent(shares, view, &least))
            break;
    }
    for (int32_t i = 0; i < tasks; i++)
        sum_up(shares, i);
}
