/* SPDX-License-Identifier: Apache-2.0 */
/* From measured points to a speed table of a scenario: a full grid, finer where that was asked for.
 */
#ifndef TRACE_SPEED_GRID_H
#define TRACE_SPEED_GRID_H

#include "trace/trace.h"

struct text;

enum grid_between { GRID_CUBIC, GRID_LINEAR, GRID_LOWER };
enum grid_beyond { GRID_CLAMP, GRID_REFUSE };

#define GRID_BETWEEN_CHOICES "cubic|linear|lower"
#define GRID_BEYOND_CHOICES  "clamp|refuse"

struct speed_grid {
    int axes, resource[MAX_RESOURCES];
    int levels[MAX_RESOURCES];
    int32_t *level[MAX_RESOURCES]; /* ascending */
    double *speed;                 /* row-major; 0: cannot run so */
    int cells;
    int filled; /* cells that nobody measured */
};

/*
 * The points of a type on a grid of all their levels. Cells between measured ones along an axis are
 * interpolated; corners that nothing encloses take the nearest cell's speed (clamp) or 0 (refuse).
 * Release in any case. Fails with ERR_LIMIT if the grid is too large.
 */
int speed_grid_make(struct speed_grid *grid, const struct trace_type *type, int resources,
                    enum grid_beyond beyond, struct err *err);
void speed_grid_release(struct speed_grid *grid);

/* Adds every whole amount between the levels by monotone cubic interpolation along each axis, while
 * the grid stays small. */
void speed_grid_refine(struct speed_grid *grid);

/* As the map behind "speed:". */
void speed_grid_print(const struct speed_grid *grid, const struct trace *trace,
                      enum grid_between between, struct text *out);

/* Monotone piecewise cubic through (x, y), x ascending: between two points the curve stays between
 * their values; outside, the nearest end. */
double monotone_cubic(const double *x, const double *y, int count, double at);

#endif
