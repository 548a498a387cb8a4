/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ledger.h"

#include <math.h>

#include "core/estimator.h"

/* The whole of a task's expected duration counts as seen so often before anything was. */
static const double PRIOR = 0.05;

void ledger_release(struct ledger *ledger)
{
    vector_release(&ledger->entries);
}

struct ledger_entry *ledger_entry(struct ledger *ledger, int32_t task)
{
    while (ledger->entries.count <= (size_t)task)
        vector_push(&ledger->entries, (struct ledger_entry){.open = false});
    return &ledger->entries.item[task];
}

static int32_t stops_of(const struct task *task)
{
    return task->failures + task->preemptions + task->migrations;
}

/* A task that was started only once had done nothing then; of others it is not known. */
static void open_entry(struct ledger_entry *entry, const struct view *view, const struct task *task,
                       double progress, double overhead_s)
{
    bool first = stops_of(task) == 0;

    *entry = (struct ledger_entry){.base = entry->base,
                                   .open = true,
                                   .stops = stops_of(task),
                                   .start_s = first ? task->since_s + overhead_s : view->now_s,
                                   .progress = first ? 0 : progress,
                                   .held = task->allocation};
}

void ledger_account(struct ledger *ledger, const struct view *view,
                    const struct estimator *estimator, int32_t id, double overhead_s)
{
    const struct task *task = &view->task[id];
    struct ledger_entry *entry = ledger_entry(ledger, id);
    double progress = fmin(1, view_progress(view, id));

    if (!entry->open || entry->stops != stops_of(task))
        open_entry(entry, view, task, progress, overhead_s);
    if (progress > entry->progress) {
        double from_s = estimator_seconds(estimator, task->type, &entry->held, entry->progress);
        double to_s = estimator_seconds(estimator, task->type, &entry->held, progress);

        if (from_s < HUGE_VAL) {
            entry->expected_s += from_s - to_s;
            entry->done += progress - entry->progress;
        }
        entry->progress = progress;
    }
    entry->held = task->allocation;
    entry->until_s = view->now_s;
}

static const struct ledger_entry *find(const struct ledger *ledger, const struct task *task)
{
    const struct ledger_entry *entry;

    if ((size_t)task->id >= ledger->entries.count)
        return NULL;
    entry = &ledger->entries.item[task->id];
    return entry->open && entry->stops == stops_of(task) ? entry : NULL;
}

const struct allocation *ledger_base(const struct ledger *ledger, const struct task *task)
{
    const struct ledger_entry *entry =
        (size_t)task->id < ledger->entries.count ? &ledger->entries.item[task->id] : NULL;

    return entry && !allocation_is_zero(&entry->base) ? &entry->base : &task->allocation;
}

double ledger_pace(const struct ledger *ledger, const struct task *task)
{
    const struct ledger_entry *entry = find(ledger, task);
    double took_s, prior_s;

    if (!entry || entry->done <= 0 || entry->until_s <= entry->start_s)
        return 1;
    took_s = entry->until_s - entry->start_s;
    prior_s = PRIOR * entry->expected_s / entry->done;
    return (took_s + prior_s) / (entry->expected_s + prior_s);
}
