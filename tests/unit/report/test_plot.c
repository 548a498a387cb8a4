/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/plot.h"
#include "report/plot_axis.h"

static void assert_ticks(double low, double high, bool logarithmic, const char *wanted)
{
    struct scale scale;
    struct text text;

    text_init(&text, 0);
    scale_init(&scale, low, high, logarithmic, 5);
    for (int i = 0; i < scale.ticks; i++) {
        char label[32];

        scale_label(&scale, scale.tick[i], label);
        text_printf(&text, "%s%s", i > 0 ? " " : "", label);
    }
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static void ticks_are_round(void **state)
{
    (void)state;
    assert_ticks(0, 42.3, false, "0 10 20 30 40 50");
    assert_ticks(0.3, 1.1, false, "0.2 0.4 0.6 0.8 1.0 1.2");
    assert_ticks(-3, 12, false, "-4 -2 0 2 4 6 8 10 12");
    assert_ticks(0, 48000, false, "0 10,000 20,000 30,000 40,000 50,000");
    assert_ticks(7, 7, false, "6.2 6.4 6.6 6.8 7.0 7.2 7.4 7.6 7.8");
    assert_ticks(1, 1000, true, "1 2 5 10 20 50 100 200 500 1000");
    assert_ticks(1e-6, 1e6, true, "1e-06 0.0001 0.01 1 100 10,000 1e+06");
}

static void scales_map_ends_to_ends(void **state)
{
    struct scale scale;
    (void)state;

    scale_init(&scale, 1, 100, true, 5);
    scale.from = 10;
    scale.to = 110;
    assert_true(fabs(scale_at(&scale, 1) - 10) < 1e-9);
    assert_true(fabs(scale_at(&scale, 10) - 60) < 1e-9);
    assert_true(fabs(scale_at(&scale, 100) - 110) < 1e-9);
}

static int draw(struct text *out, enum picture_format format, double nudge)
{
    const double none = (double)NAN;
    double x[] = {1, 2, 3, 4}, y[] = {3, none, 5 + nudge, 4}, low[] = {2, none, 4, 3};
    double high[] = {4, none, 6, 5}, edge[] = {0, 1, 2}, bar[] = {3, 4, 0};
    struct plot_series line[] = {{"a", PLOT_LINE, x, y, low, high, 4, false, 0},
                                 {"b", PLOT_STEPS, x, high, NULL, NULL, 4, false, 1},
                                 {NULL, PLOT_DOTS, x, low, low, high, 4, true, 2}};
    struct plot_series bars[] = {{"c", PLOT_BARS, edge, bar, NULL, NULL, 3, false, 3}};
    const char *const names[] = {"one", "two", "three", "four"};
    struct plot_panel panel[] = {
        {"left", {.label = "x", .category = names, .categories = 4}, {.label = "y"}, line, 3},
        {NULL, {.label = "z"}, {.label = "w", .from_zero = true}, bars, 1},
        {"empty", {.label = "z"}, {.label = "w", .logarithmic = true}, NULL, 0},
    };
    struct plot plot = {.title = "t", .note = "n", .panel = panel, .panels = 3, .columns = 2};
    struct err err = {0};
    int rc = plot_render(&plot, format, out, &err);

    if (rc)
        fail_msg("%s", err.message);
    return rc;
}

static void pictures_are_reproducible(void **state)
{
    static const char *const begins[] = {"<?xml", "%PDF-", "\x89PNG"};
    (void)state;

    for (int format = PICTURE_SVG; format <= PICTURE_PNG; format++) {
        struct text one, two, other;

        text_init(&one, 0);
        text_init(&two, 0);
        text_init(&other, 0);
        draw(&one, (enum picture_format)format, 0);
        draw(&two, (enum picture_format)format, 0);
        draw(&other, (enum picture_format)format, 0.3);
        assert_true(one.length > 2000);
        assert_memory_equal(one.bytes, begins[format], strlen(begins[format]));
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.bytes, two.bytes, one.length);
        assert_true(one.length != other.length || memcmp(one.bytes, other.bytes, one.length) != 0);
        text_release(&one);
        text_release(&two);
        text_release(&other);
    }
}

static void the_name_says_the_format(void **state)
{
    struct plot_panel panel = {.title = "p"};
    struct plot plot = {.panel = &panel, .panels = 1};
    struct err err;
    (void)state;

    assert_int_equal(plot_write(&plot, TEST_BUILD_DIR "/test_plot.svg", &err), 0);
    assert_int_equal(plot_write(&plot, "x.gif", &err), ERR_INVALID);
    assert_string_equal(err.message, "x.gif: expected a name that ends in .svg, .pdf or .png");
    assert_int_equal(plot_write(&plot, "/nowhere/x.svg", &err), ERR_IO);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ticks_are_round),
    cmocka_unit_test(scales_map_ends_to_ends),
    cmocka_unit_test(pictures_are_reproducible),
    cmocka_unit_test(the_name_says_the_format),
};

RUN_TESTS(tests)
