/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of each running task beside what the view shows: its base, the allocation that it
 * was started with and that it falls back to when the rest, which was only lent to it
 * (agent/loan.h), is wanted; and its pace, how long what it has done took against what the
 * estimator thinks it takes. The pace tells long tasks from short ones of the same type.
 */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include <stdbool.h>

#include "base/vector.h"
#include "core/allocation.h"
#include "core/view.h"

struct ledger_entry {
    struct allocation base; /* nothing: it has none but what it holds */
    bool open;
    int32_t stops;           /* how often it had been stopped when the entry was opened */
    double start_s;          /* of progress: start-up and transfer are over */
    double progress;         /* up to which it was accounted */
    double done, expected_s; /* of what was accounted: progress, and how long it should take */
    double until_s;          /* when that was */
    struct allocation held;  /* since then */
};

struct ledger {
    VECTOR(struct ledger_entry) entries; /* by task */
};

void ledger_release(struct ledger *ledger);

/* The entry of a task, made when first asked for; valid until the next call. */
struct ledger_entry *ledger_entry(struct ledger *ledger, int32_t task);

/* Accounts what a running task has done up to now. Its first progress was due overhead_s after its
 * start. */
void ledger_account(struct ledger *ledger, const struct view *view,
                    const struct estimator *estimator, int32_t task, double overhead_s);

/* What it falls back to. */
const struct allocation *ledger_base(const struct ledger *ledger, const struct task *task);

/* How many times longer than expected the task takes: 1 for a task of which nothing was seen. */
double ledger_pace(const struct ledger *ledger, const struct task *task);

#endif
