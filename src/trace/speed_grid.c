/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Monotone cubic interpolation after Fritsch and Carlson ("Monotone Piecewise Cubic Interpolation",
 * SIAM J. Numer. Anal. 1980) with the weighted harmonic mean of the neighbouring slopes as the
 * slope at a point (Fritsch and Butland 1984), which keeps every piece inside its two ends without
 * a second pass. Zero speeds mean "cannot run": a piece that touches one is not interpolated, it
 * stays 0.
 */
#include "trace/speed_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/order.h"
#include "base/text.h"

enum { MOST_CELLS = 1 << 13, FINE_CELLS = 256 };

/* Slopes */

static double inner_slope(const double *x, const double *y, int i)
{
    double left = x[i] - x[i - 1], right = x[i + 1] - x[i];
    double a = (y[i] - y[i - 1]) / left, b = (y[i + 1] - y[i]) / right;
    double v = 2 * right + left, w = right + 2 * left;

    return a * b > 0 ? (v + w) / (v / a + w / b) : 0;
}

/* One-sided, three points, bent back where it would leave the piece. */
static double end_slope(double h, double next_h, double d, double next_d)
{
    double slope = ((2 * h + next_h) * d - h * next_d) / (h + next_h);

    if (slope * d <= 0)
        return 0;
    return d * next_d <= 0 && fabs(slope) > 3 * fabs(d) ? 3 * d : slope;
}

static double slope_at(const double *x, const double *y, int count, int i)
{
    if (count == 2)
        return (y[1] - y[0]) / (x[1] - x[0]);
    if (i == 0)
        return end_slope(x[1] - x[0], x[2] - x[1], (y[1] - y[0]) / (x[1] - x[0]),
                         (y[2] - y[1]) / (x[2] - x[1]));
    if (i == count - 1)
        return end_slope(x[i] - x[i - 1], x[i - 1] - x[i - 2],
                         (y[i] - y[i - 1]) / (x[i] - x[i - 1]),
                         (y[i - 1] - y[i - 2]) / (x[i - 1] - x[i - 2]));
    return inner_slope(x, y, i);
}

double monotone_cubic(const double *x, const double *y, int count, double at)
{
    int i = 0;
    double h, t, low, high, value;

    if (at <= x[0] || count == 1)
        return y[0];
    if (at >= x[count - 1])
        return y[count - 1];
    while (x[i + 1] <= at)
        i++;
    h = x[i + 1] - x[i];
    t = (at - x[i]) / h;
    value = (1 + 2 * t) * (1 - t) * (1 - t) * y[i] + t * t * (3 - 2 * t) * y[i + 1] +
            h * t * (1 - t) * (1 - t) * slope_at(x, y, count, i) -
            h * t * t * (1 - t) * slope_at(x, y, count, i + 1);
    low = fmin(y[i], y[i + 1]);
    high = fmax(y[i], y[i + 1]);
    return fmin(high, fmax(low, value)); /* against rounding */
}

/* Grids */

static void find_levels(struct speed_grid *grid, const struct trace_type *type, int axis)
{
    int32_t *level = xcalloc(type->points.count, sizeof *level);
    int count = 0;

    for (size_t i = 0; i < type->points.count; i++)
        level[i] = type->points.item[i].amount[grid->resource[axis]];
    qsort(level, type->points.count, sizeof *level, order_int32);
    for (size_t i = 0; i < type->points.count; i++)
        if (count == 0 || level[i] != level[count - 1])
            level[count++] = level[i];
    grid->level[axis] = level;
    grid->levels[axis] = count;
}

static int find_level(const struct speed_grid *grid, int axis, int32_t amount)
{
    const int32_t *found =
        bsearch(&amount, grid->level[axis], (size_t)grid->levels[axis], sizeof amount, order_int32);

    return (int)(found - grid->level[axis]);
}

/* Cells from one to the next along an axis. */
static int stride(const struct speed_grid *grid, int axis)
{
    int cells = 1;

    for (int i = axis + 1; i < grid->axes; i++)
        cells *= grid->levels[i];
    return cells;
}

static int index_along(const struct speed_grid *grid, int cell, int axis)
{
    return cell / stride(grid, axis) % grid->levels[axis];
}

/* The nearest known cell from here along an axis, in steps of +1 or -1; -1 if there is none. */
static int walk(const struct speed_grid *grid, const bool *known, int cell, int axis, int step)
{
    int at = index_along(grid, cell, axis), by = stride(grid, axis) * step;

    for (at += step, cell += by; at >= 0 && at < grid->levels[axis]; at += step, cell += by)
        if (known[cell])
            return cell;
    return -1;
}

/* The mean over the axes along which the cell lies between known ones. */
static double enclosed_speed(const struct speed_grid *grid, const bool *known, int cell)
{
    double sum = 0;
    int count = 0;

    for (int a = 0; a < grid->axes; a++) {
        int below = walk(grid, known, cell, a, -1), above = walk(grid, known, cell, a, 1);
        const int32_t *level = grid->level[a];

        if (below >= 0 && above >= 0) {
            double from = level[index_along(grid, below, a)],
                   to = level[index_along(grid, above, a)];
            double part = (level[index_along(grid, cell, a)] - from) / (to - from);

            sum += grid->speed[below] + part * (grid->speed[above] - grid->speed[below]);
            count++;
        }
    }
    return count > 0 ? sum / count : 0;
}

static double nearest_speed(const struct speed_grid *grid, const bool *known, int cell)
{
    double best = HUGE_VAL, speed = 0;

    for (int other = 0; other < grid->cells; other++) {
        double distance = 0;

        if (!known[other])
            continue;
        for (int a = 0; a < grid->axes; a++)
            distance += abs(index_along(grid, cell, a) - index_along(grid, other, a));
        if (distance < best) {
            best = distance;
            speed = grid->speed[other];
        }
    }
    return speed;
}

static void fill_gaps(struct speed_grid *grid, const bool *known, enum grid_beyond beyond)
{
    for (int cell = 0; cell < grid->cells; cell++) {
        if (known[cell])
            continue;
        grid->filled++;
        grid->speed[cell] = enclosed_speed(grid, known, cell);
        if (grid->speed[cell] == 0 && beyond == GRID_CLAMP)
            grid->speed[cell] = nearest_speed(grid, known, cell);
    }
}

int speed_grid_make(struct speed_grid *grid, const struct trace_type *type, int resources,
                    enum grid_beyond beyond, struct err *err)
{
    int64_t cells = 1;
    bool *known;

    *grid = (struct speed_grid){.axes = 0};
    for (int r = 0; r < resources; r++) {
        if (!type->axis[r])
            continue;
        grid->resource[grid->axes] = r;
        find_levels(grid, type, grid->axes);
        cells *= grid->levels[grid->axes++];
        if (cells > MOST_CELLS)
            return err_set(err, ERR_LIMIT, "type %s: more than %d combinations of amounts",
                           type->name, MOST_CELLS);
    }
    grid->cells = (int)cells;
    grid->speed = xcalloc((size_t)cells, sizeof *grid->speed);
    known = xcalloc((size_t)cells, sizeof *known);
    for (size_t i = 0; i < type->points.count; i++) {
        const struct trace_point *point = &type->points.item[i];
        int cell = 0;

        for (int a = 0; a < grid->axes; a++)
            cell = cell * grid->levels[a] + find_level(grid, a, point->amount[grid->resource[a]]);
        grid->speed[cell] = 1 / point->seconds;
        known[cell] = true;
    }
    fill_gaps(grid, known, beyond);
    free(known);
    return 0;
}

void speed_grid_release(struct speed_grid *grid)
{
    for (int a = 0; a < grid->axes; a++)
        free(grid->level[a]);
    free(grid->speed);
    *grid = (struct speed_grid){.axes = 0};
}

/* The line of cells along an axis through one cell, onto whole amounts. */
static void refine_line(const struct speed_grid *grid, int axis, int from, double *x, double *y,
                        double *out, int out_stride)
{
    int count = grid->levels[axis], by = stride(grid, axis);
    int32_t first = grid->level[axis][0], last = grid->level[axis][count - 1];
    int at = 0;

    for (int i = 0; i < count; i++) {
        x[i] = grid->level[axis][i];
        y[i] = grid->speed[from + i * by];
    }
    for (int32_t amount = first; amount <= last; amount++) {
        while (at + 1 < count && x[at + 1] <= amount)
            at++;
        *out = x[at] == amount ? y[at]
               : y[at] == 0 || (at + 1 < count && y[at + 1] == 0)
                   ? 0
                   : monotone_cubic(x, y, count, amount);
        out += out_stride;
    }
}

static void refine_axis(struct speed_grid *grid, int axis)
{
    int count = grid->levels[axis], inner = stride(grid, axis);
    int outer = grid->cells / (inner * count);
    int fine = grid->level[axis][count - 1] - grid->level[axis][0] + 1;
    double *x = xcalloc((size_t)count, sizeof *x), *y = xcalloc((size_t)count, sizeof *y);
    double *speed = xcalloc((size_t)outer * (size_t)fine * (size_t)inner, sizeof *speed);
    int32_t *level = xcalloc((size_t)fine, sizeof *level);

    for (int i = 0; i < fine; i++)
        level[i] = grid->level[axis][0] + i;
    for (int o = 0; o < outer; o++)
        for (int i = 0; i < inner; i++)
            refine_line(grid, axis, o * count * inner + i, x, y, speed + o * fine * inner + i,
                        inner);
    free(x);
    free(y);
    free(grid->speed);
    free(grid->level[axis]);
    grid->speed = speed;
    grid->level[axis] = level;
    grid->levels[axis] = fine;
    grid->cells = outer * fine * inner;
}

void speed_grid_refine(struct speed_grid *grid)
{
    for (int a = 0; a < grid->axes; a++) {
        int count = grid->levels[a];
        int64_t span = (int64_t)grid->level[a][count - 1] - grid->level[a][0] + 1;

        if (span > count && grid->cells / count * span <= FINE_CELLS)
            refine_axis(grid, a);
    }
}

static void print_speeds(const struct speed_grid *grid, int axis, int from, struct text *out)
{
    int by = stride(grid, axis);

    text_add_char(out, '[');
    for (int i = 0; i < grid->levels[axis]; i++) {
        if (i > 0)
            text_add(out, ", ");
        if (axis + 1 < grid->axes)
            print_speeds(grid, axis + 1, from + i * by, out);
        else
            text_printf(out, "%.10g", grid->speed[from + i]);
    }
    text_add_char(out, ']');
}

void speed_grid_print(const struct speed_grid *grid, const struct trace *trace,
                      enum grid_between between, struct text *out)
{
    if (grid->axes == 0) {
        text_printf(out, "{model: constant, value: %.10g}", grid->speed[0]);
        return;
    }
    text_add(out, "{model: table, grid: {");
    for (int a = 0; a < grid->axes; a++) {
        text_printf(out, "%s%s: [", a > 0 ? ", " : "", trace->resource[grid->resource[a]].name);
        for (int i = 0; i < grid->levels[a]; i++)
            text_printf(out, "%s%d", i > 0 ? ", " : "", grid->level[a][i]);
        text_add_char(out, ']');
    }
    text_printf(out, "}, between: %s, speeds: ", between == GRID_LOWER ? "lower" : "linear");
    print_speeds(grid, 0, 0, out);
    text_add_char(out, '}');
}
