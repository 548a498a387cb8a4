/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that act once in a while: at whole multiples of their round, whatever happens between.
 * In slotted worlds these are the first slots at or after such times.
 */
#ifndef POLICY_ROUNDS_H
#define POLICY_ROUNDS_H

#include "core/plan.h"
#include "core/policy.h"

/* A row for option tables; initial is the default in seconds, as text. */
#define ROUND_OPTION(initial)                                                                  \
    {                                                                                          \
        "round", OPTION_REAL, initial,                                                         \
            .low = 0, .high = 1e9, .unit = "s",                                                \
            .help = "acts only at whole multiples of this time; 0: whenever something happens" \
    }

/* Likewise, for policies that cannot do without rounds. */
#define ROUND_LENGTH_OPTION                                                                        \
    {                                                                                              \
        "round", OPTION_REAL, "0",                                                                 \
            .low = 0, .high = 1e9, .unit = "s",                                                    \
            .help =                                                                                \
                "acts only at whole multiples of this time; 0: one slot, or in continuous time a " \
                "twentieth of a mean duration at the minimum (60 s without a speed model), but "   \
                "at "                                                                              \
                "least some times what the dearest restart takes"                                  \
    }

/* What a restart costs a task of a type, in seconds of full speed, data aside; in slotted mode a
 * switching cost of 0 seconds stands for one slot. */
double rounds_restart_s(const struct catalog *catalog, int type);

/* What ROUND_LENGTH_OPTION says, in seconds; by default at least so many of the dearest restarts.
 */
double rounds_length(const struct policy_setup *setup, double restarts);

/* Whether a policy with this round acts at this decision. As long as tasks are in the system, it is
 * woken at the next round too. */
bool rounds_due(double round_s, const struct view *view, struct plan *plan);

#endif
