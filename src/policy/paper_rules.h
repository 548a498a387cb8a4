/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the comparison policies of TapFinger's authors have in common (paper.md, section 4): agents
 * in index order, tasks claimed by lower agents, and the rule that names an elastic policy's
 * candidate.
 */
#ifndef POLICY_PAPER_RULES_H
#define POLICY_PAPER_RULES_H

#include <stdint.h>

#include "base/id_set.h"
#include "core/catalog.h"
#include "core/plan.h"
#include "core/view.h"

struct err;

/*
 * The candidate of an elastic agent: if fewer tasks run than floor(min over resources of capacity /
 * minimum), the task in the first slot (without a window: the first that arrived) which no lower
 * agent named; else, or if there is none, -1. Without one the running tasks are shared out all the
 * same. claims holds the tasks that lower agents named in this round, whether or not they got
 * anything.
 */
int32_t paper_candidate(const struct view *view, int32_t cluster, const struct id_set *claims);

/* These policies were made for slots. In continuous time they are asked in rounds as long as they
 * do something, and a second later if something still waits. Called at the end of decide. */
void paper_ask_again(const struct view *view, struct plan *plan);

/* Resources by name, "cpu" and "gpu"; where a scenario has no such names, its first two. */
struct paper_resources {
    int cpu, gpu;
};

struct paper_resources paper_find_resources(const struct catalog *catalog);

/* The elastic ones deal out whole clusters; ERR_UNSUPPORTED where nodes could refuse a share. */
int paper_check_sites(const struct catalog *catalog, struct err *err);

#endif
