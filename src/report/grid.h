/* SPDX-License-Identifier: Apache-2.0 */
/* The grid of a sweep: keys of a scenario, the values that each takes, and all combinations. */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include <stdbool.h>

struct err;
struct text;

enum { GRID_KEYS = 6, GRID_CELLS = 10000 };

struct grid_key {
    char *key;    /* path in the scenario */
    char **value; /* as YAML */
    int values;
};

struct grid {
    struct grid_key key[GRID_KEYS];
    int keys;
};

/* Adds "path.to.key=low:high:step" or "path.to.key=a|b|c". */
int grid_add(struct grid *grid, const char *text, struct err *err);
void grid_release(struct grid *grid);

/* All combinations; the last key changes fastest. */
int grid_cells(const struct grid *grid);
/* Index of a key's value in a cell. */
int grid_index(const struct grid *grid, int cell, int key);
/* "path.to.key=value" */
void grid_override(const struct grid *grid, int cell, int key, struct text *out);

/* The value as a number; false if some value of the key is none. */
bool grid_numbers(const struct grid_key *key, double *out);

#endif
