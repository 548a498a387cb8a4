/* SPDX-License-Identifier: Apache-2.0 */
/* What the policies have in common that run the shortest tasks: a sweep in the order of what is
 * left of them. */
#ifndef POLICY_SHORTEST_H
#define POLICY_SHORTEST_H

#include "policy/rounds.h"
#include "policy/sweep.h"

/* What is shortest: seconds at the request; those times the request's dominant share of all
 * capacity; the part of the work that is left. */
enum shortest_by { SHORTEST_TIME, SHORTEST_SERVICE, SHORTEST_PART };

struct shortest {
    struct sweep sweep;
    enum shortest_by by;
    double round_s;
};

/* Rows for the option tables of those that preempt. */
#define SHORTEST_OPTION_ROWS                                                              \
    REQUEST_OPTION, ROUND_OPTION("0"),                                                    \
        {"anew", OPTION_FLAG, "false",                                                    \
         .help = "on clusters that are split: deal the nodes anew at every decision, in " \
                 "order of priority"},                                                    \
        RESTARTS_OPTION

void shortest_init(struct shortest *shortest, const struct policy_setup *setup, enum shortest_by by,
                   bool preempts);

/* As in struct policy_ops; the state is a struct shortest. */
void shortest_decide(void *state, const struct view *view, struct plan *plan);
void shortest_release(void *state);

#endif
