/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interleaving: several tasks on one allocation, each of which uses another part of the machine at
 * a time. An iteration of a task loads from storage, prepares on the CPU, computes on the GPU and
 * synchronises over the network, in this order. Tasks in company take turns, so that no two are in
 * the same stage, and go through their iterations in step.
 */
#ifndef CORE_STAGES_H
#define CORE_STAGES_H

#include <stdbool.h>

enum { STAGES = 4, MAX_COMPANY = 4 };

enum stage_kind { STAGE_STORAGE, STAGE_CPU, STAGE_GPU, STAGE_NETWORK };

/* What one iteration of a type takes, in a unit that is the same for all types. */
struct stages {
    double time[STAGES];
    double period; /* of an iteration of a task by itself */
    bool loads;    /* time[STAGE_CPU] is for loading too and may spread over both stages */
};

/* The time in which every member of a company makes one iteration, in the best order. */
double stages_period(const struct stages *const member[], int members);

#endif
