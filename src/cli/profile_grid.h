/* SPDX-License-Identifier: Apache-2.0 */
/* The allocations of a profile: every amount of processors with every amount of GPUs. */
#ifndef CLI_PROFILE_GRID_H
#define CLI_PROFILE_GRID_H

#include <stdbool.h>

struct err;

enum { GRID_MOST = 64 };

struct profile_axis {
    int amount[GRID_MOST]; /* ascending, each once */
    int count;
};

struct profile_grid {
    struct profile_axis cpu, gpu;
};

/* Whether a word is part of a grid: "cpu=...", "gpu=...". */
bool profile_grid_is_part(const char *word);
/* Takes in "cpu=1,2,4", or several such words between blanks; first set the grid to zeros. */
int profile_grid_add(struct profile_grid *grid, const char *words, struct err *err);
/* An axis that was not named has one amount: one processor, no GPU. */
void profile_grid_finish(struct profile_grid *grid);

#endif
