/* SPDX-License-Identifier: Apache-2.0 */
/* Grids: what lies between measured points, beyond them, and where points are missing. */
#include "import_case.h"

static void cubic_curves_are_monotone(void **state)
{
    static const double x[] = {1, 2, 4, 8, 16, 32, 64};
    static const double y[] = {6.8, 11.8, 18.3, 21.3, 21.5, 22.7, 21.0};

    (void)state;
    for (int i = 0; i + 1 < 7; i++) {
        double before = y[i];

        assert_near(monotone_cubic(x, y, 7, x[i]), y[i], 1e-12);
        for (double at = x[i]; at <= x[i + 1]; at += (x[i + 1] - x[i]) / 50) {
            double value = monotone_cubic(x, y, 7, at);

            assert_true(y[i + 1] >= y[i] ? value >= before - 1e-12 : value <= before + 1e-12);
            before = value;
        }
    }
    assert_near(monotone_cubic(x, y, 7, 0), 6.8, 0);
    assert_near(monotone_cubic(x, y, 7, 99), 21.0, 0);
    assert_near(monotone_cubic(x, y, 2, 1.5), (6.8 + 11.8) / 2, 1e-12);
}

/* 2 x 2 with one corner missing, and a hole in a row. */
static void make_type(struct trace *trace)
{
    int type = trace_type(trace, "t", "test");

    trace_resource(trace, "cpu", "");
    trace_resource(trace, "gpu", "");
    trace_point(trace, type, &(struct allocation){{1, 1}}, 1.0);
    trace_point(trace, type, &(struct allocation){{1, 3}}, 1.0 / 3);
    trace_point(trace, type, &(struct allocation){{5, 1}}, 1.0 / 5);
    trace_point(trace, type, &(struct allocation){{3, 3}}, 1.0 / 7);
    trace_finish_types(trace);
}

static double speed_at_cell(const struct speed_grid *grid, int32_t cpu, int32_t gpu)
{
    for (int i = 0; i < grid->levels[0]; i++)
        for (int k = 0; k < grid->levels[1]; k++)
            if (grid->level[0][i] == cpu && grid->level[1][k] == gpu)
                return grid->speed[i * grid->levels[1] + k];
    return -1;
}

static void gaps_are_interpolated_and_corners_as_asked(void **state)
{
    struct speed_grid grid;
    struct trace trace;
    struct err err;

    (void)state;
    trace_init(&trace);
    make_type(&trace);
    for (int refuse = 0; refuse < 2; refuse++) {
        assert_int_equal(speed_grid_make(&grid, &trace.types.item[0], 2,
                                         refuse ? GRID_REFUSE : GRID_CLAMP, &err),
                         0);
        assert_int_equal(grid.cells, 6);
        assert_int_equal(grid.filled, 2);
        assert_near(speed_at_cell(&grid, 3, 1), 3, 1e-9); /* between 1 and 5 */
        assert_near(speed_at_cell(&grid, 5, 3), refuse ? 0 : 7, 1e-9);
        speed_grid_refine(&grid);
        assert_int_equal(grid.cells, 15);
        assert_near(speed_at_cell(&grid, 2, 1), 2, 1e-9);
        assert_near(speed_at_cell(&grid, 1, 2), 2, 1e-9);
        if (refuse)
            assert_near(speed_at_cell(&grid, 4, 3), 0, 0); /* never towards what is not known */
        speed_grid_release(&grid);
    }
    trace_release(&trace);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cubic_curves_are_monotone),
    cmocka_unit_test(gaps_are_interpolated_and_corners_as_asked),
};

RUN_TESTS(tests)
