/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A panel: the ranges of its data make scales, the scales a grid with labels, and over it go the
 * series, bands first, so that no band hides a line.
 */
#include "report/plot_draw.h"

#include <math.h>
#include <stdlib.h>

#include "report/plot_axis.h"

enum { COLOURS = 8, MARKED_POINTS = 60, TICKS_X = 6, TICKS_Y = 5 };

static const double LEFT = 46, BOTTOM = 34, TOP = 16, RIGHT = 10;

/* Okabe and Ito, "Color Universal Design", 2008; yellow, faint on white, comes last. */
static const char *const palette[COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#000000", "#b8a800"};

struct field {
    const struct plot_panel *panel;
    struct scale x, y;
};

const char *plot_colour(int i)
{
    return palette[i % COLOURS];
}

void plot_set_colour(cairo_t *cairo, int i, double alpha)
{
    unsigned value = (unsigned)strtoul(plot_colour(i) + 1, NULL, 16);

    cairo_set_source_rgba(cairo, (value >> 16) / 255.0, (value >> 8 & 255) / 255.0,
                          (value & 255) / 255.0, alpha);
}

void plot_set_grey(cairo_t *cairo, double level)
{
    cairo_set_source_rgb(cairo, level, level, level);
}

/* align: 0 left, 0.5 centred, 1 right; y is the base line */
void plot_text(cairo_t *cairo, const char *text, double x, double y, double align)
{
    cairo_text_extents_t box;

    cairo_text_extents(cairo, text, &box);
    cairo_move_to(cairo, x - align * box.x_advance, y);
    cairo_show_text(cairo, text);
}

struct range {
    double low, high;
};

static void widen(struct range *range, double value, bool logarithmic)
{
    if (!isfinite(value) || (logarithmic && value <= 0))
        return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static bool has_band(const struct plot_series *s)
{
    return s->low && s->high && s->mark != PLOT_DOTS;
}

static void widen_by_series(const struct plot_series *series, const struct plot_panel *panel,
                            struct range *x, struct range *y)
{
    bool lies = panel->y.categories > 0;

    for (int i = 0; i < series->count; i++) {
        widen(x, series->x[i], panel->x.logarithmic);
        if (series->mark == PLOT_BARS && i + 1 == series->count)
            break;
        widen(y, series->y[i], panel->y.logarithmic);
        if (!series->low || !series->high)
            continue;
        widen(lies ? x : y, series->low[i], (lies ? &panel->x : &panel->y)->logarithmic);
        widen(lies ? x : y, series->high[i], (lies ? &panel->x : &panel->y)->logarithmic);
    }
    if (series->mark == PLOT_BARS)
        widen(y, 0, panel->y.logarithmic);
}

static void fit_axis(struct scale *scale, const struct plot_axis *axis, struct range range,
                     int wanted)
{
    if (axis->categories > 0) {
        *scale = (struct scale){.low = -0.5, .high = axis->categories - 0.5};
        return;
    }
    if (axis->from_zero)
        widen(&range, 0, axis->logarithmic);
    if (axis->low != 0 || axis->high != 0)
        range = (struct range){axis->low, axis->high};
    if (!(range.low <= range.high))
        range = axis->logarithmic ? (struct range){1, 10} : (struct range){0, 1};
    scale_init(scale, range.low, range.high, axis->logarithmic, wanted);
}

static void fit_field(struct field *field)
{
    const struct plot_panel *panel = field->panel;
    struct range x = {HUGE_VAL, -HUGE_VAL}, y = {HUGE_VAL, -HUGE_VAL};

    for (int i = 0; i < panel->count; i++)
        widen_by_series(&panel->series[i], panel, &x, &y);
    fit_axis(&field->x, &panel->x, x, TICKS_X);
    fit_axis(&field->y, &panel->y, y, TICKS_Y);
    if (panel->y.categories > 0) {
        field->y.low = panel->y.categories - 0.5;
        field->y.high = -0.5;
    }
}

/* Axes */

static void draw_line_at(cairo_t *cairo, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cairo, x0, y0);
    cairo_line_to(cairo, x1, y1);
    cairo_stroke(cairo);
}

/* Across the values: horizontal lines, or vertical ones where the categories stand along y. */
static void draw_grid(cairo_t *cairo, const struct field *field)
{
    bool lies = field->panel->y.categories > 0;
    const struct scale *scale = lies ? &field->x : &field->y;

    cairo_set_line_width(cairo, 0.5);
    for (int i = 0; i < scale->ticks; i++) {
        double at = scale_at(scale, scale->tick[i]);

        plot_set_grey(cairo, lies && scale->tick[i] == 0 ? PLOT_GREY : 0.88);
        if (lies)
            draw_line_at(cairo, at, field->y.from, at, field->y.to);
        else
            draw_line_at(cairo, field->x.from, at, field->x.to, at);
    }
    plot_set_grey(cairo, PLOT_GREY);
    draw_line_at(cairo, field->x.from, field->y.from, field->x.to, field->y.from);
}

static void draw_x_label(cairo_t *cairo, const struct field *field, double value, const char *label)
{
    double at = scale_at(&field->x, value);

    draw_line_at(cairo, at, field->y.from, at, field->y.from + 3);
    plot_text(cairo, label, at, field->y.from + PLOT_FONT + 4, 0.5);
}

static void draw_y_label(cairo_t *cairo, const struct field *field, double value, const char *label)
{
    plot_text(cairo, label, field->x.from - 5, scale_at(&field->y, value) + PLOT_FONT / 3, 1);
}

static double widest(cairo_t *cairo, const struct plot_axis *axis)
{
    double width = 0;

    for (int i = 0; i < axis->categories; i++) {
        cairo_text_extents_t box;

        cairo_text_extents(cairo, axis->category[i], &box);
        width = fmax(width, box.x_advance);
    }
    return width;
}

/* Names that would overlap are left out: every second, every third, ... is written. */
static void draw_categories(cairo_t *cairo, const struct field *field)
{
    const struct plot_axis *x = &field->panel->x, *y = &field->panel->y;
    double room = x->categories > 0 ? (field->x.to - field->x.from) / x->categories : 1;
    int every = (int)ceil((widest(cairo, x) + 6) / room);

    for (int i = 0; i < x->categories; i += every)
        draw_x_label(cairo, field, i, x->category[i]);
    room = y->categories > 0 ? (field->y.from - field->y.to) / y->categories : 1;
    every = (int)ceil(PLOT_FONT / room);
    for (int i = 0; i < y->categories; i += every)
        draw_y_label(cairo, field, i, y->category[i]);
}

static void draw_tick_labels(cairo_t *cairo, const struct field *field)
{
    char label[32];

    plot_set_grey(cairo, PLOT_GREY);
    for (int i = 0; i < field->y.ticks; i++) {
        scale_label(&field->y, field->y.tick[i], label);
        draw_y_label(cairo, field, field->y.tick[i], label);
    }
    for (int i = 0; i < field->x.ticks; i++) {
        scale_label(&field->x, field->x.tick[i], label);
        draw_x_label(cairo, field, field->x.tick[i], label);
    }
    draw_categories(cairo, field);
}

static void draw_axis_labels(cairo_t *cairo, const struct field *field)
{
    const struct plot_panel *panel = field->panel;

    plot_set_grey(cairo, 0);
    if (panel->x.label)
        plot_text(cairo, panel->x.label, (field->x.from + field->x.to) / 2,
                  field->y.from + 2 * PLOT_FONT + 8, 0.5);
    if (panel->y.label) {
        cairo_save(cairo);
        cairo_translate(cairo, field->x.from - LEFT + PLOT_FONT, (field->y.from + field->y.to) / 2);
        cairo_rotate(cairo, -M_PI / 2);
        plot_text(cairo, panel->y.label, 0, 0, 0.5);
        cairo_restore(cairo);
    }
    if (panel->title) {
        cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_BOLD);
        plot_text(cairo, panel->title, field->x.from, field->y.to - 5, 0);
        cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
    }
}

/* Series */

static bool is_drawn(const struct field *field, double x, double y)
{
    return isfinite(x) && isfinite(y) && (!field->x.logarithmic || x > 0) &&
           (!field->y.logarithmic || y > 0);
}

/* From point `from` on as far as values are there; returns where it stopped. */
static int band_run(cairo_t *cairo, const struct field *field, const struct plot_series *s,
                    int from)
{
    int end = from;

    while (end < s->count && is_drawn(field, s->x[end], s->low[end]) &&
           is_drawn(field, s->x[end], s->high[end]))
        end++;
    for (int i = from; i < end; i++)
        cairo_line_to(cairo, scale_at(&field->x, s->x[i]), scale_at(&field->y, s->high[i]));
    for (int i = end - 1; i >= from; i--)
        cairo_line_to(cairo, scale_at(&field->x, s->x[i]), scale_at(&field->y, s->low[i]));
    cairo_close_path(cairo);
    cairo_fill(cairo);
    return end;
}

static void draw_band(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    if (!has_band(s))
        return;
    plot_set_colour(cairo, s->colour, 0.18);
    for (int i = 0; i < s->count;) {
        int end = band_run(cairo, field, s, i);

        i = end > i ? end : i + 1;
    }
}

static void draw_bars(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    double floor_y = field->y.logarithmic ? field->y.from : scale_at(&field->y, 0);

    for (int i = 0; i + 1 < s->count; i++) {
        double left = scale_at(&field->x, s->x[i]), right = scale_at(&field->x, s->x[i + 1]);

        if (is_drawn(field, s->x[i], s->y[i]))
            cairo_rectangle(cairo, left, floor_y, right - left,
                            scale_at(&field->y, s->y[i]) - floor_y);
    }
    plot_set_colour(cairo, s->colour, 0.35);
    cairo_fill_preserve(cairo);
    plot_set_colour(cairo, s->colour, 1);
    cairo_set_line_width(cairo, 0.6);
    cairo_stroke(cairo);
}

static void draw_line(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    bool drawing = false;
    double y = 0;

    for (int i = 0; i < s->count; i++) {
        double x;

        if (!is_drawn(field, s->x[i], s->y[i])) {
            drawing = false;
            continue;
        }
        x = scale_at(&field->x, s->x[i]);
        if (!drawing)
            cairo_move_to(cairo, x, scale_at(&field->y, s->y[i]));
        else if (s->mark == PLOT_STEPS)
            cairo_line_to(cairo, x, y);
        y = scale_at(&field->y, s->y[i]);
        cairo_line_to(cairo, x, y);
        drawing = true;
    }
    plot_set_colour(cairo, s->colour, 1);
    cairo_set_line_width(cairo, 1.4);
    cairo_stroke(cairo);
}

/* A polygon of so many corners around a point; 0: a disc. */
static void put_mark(cairo_t *cairo, double x, double y, int colour)
{
    static const struct {
        int corners;
        double turn;
    } shape[] = {{0, 0}, {4, 0.25}, {3, 0.25}, {4, 0}, {3, 0}, {6, 0}, {5, 0.25}, {6, 0.25}};
    int corners = shape[colour % COLOURS].corners;
    double radius = corners ? 3.2 : 2.4;

    cairo_new_path(cairo);
    if (corners == 0)
        cairo_arc(cairo, x, y, radius, 0, 2 * M_PI);
    for (int i = 0; i < corners; i++) {
        double angle =
            2 * M_PI * ((double)i / corners + shape[colour % COLOURS].turn / corners * 2);

        cairo_line_to(cairo, x + radius * sin(angle), y - radius * cos(angle));
    }
    cairo_close_path(cairo);
    cairo_fill(cairo);
}

static void draw_marks(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    plot_set_colour(cairo, s->colour, s->faint ? 0.3 : 1);
    for (int i = 0; i < s->count; i++)
        if (is_drawn(field, s->x[i], s->y[i]))
            put_mark(cairo, scale_at(&field->x, s->x[i]), scale_at(&field->y, s->y[i]),
                     s->faint ? 0 : s->colour);
}

static void draw_whiskers(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    bool lies = field->panel->y.categories > 0;
    const struct scale *scale = lies ? &field->x : &field->y;

    cairo_set_line_width(cairo, 1.2);
    plot_set_colour(cairo, s->colour, 1);
    for (int i = 0; i < s->count; i++) {
        double x = scale_at(&field->x, s->x[i]), y = scale_at(&field->y, s->y[i]);
        double low = scale_at(scale, s->low[i]), high = scale_at(scale, s->high[i]);

        if (!isfinite(s->low[i]) || !isfinite(s->high[i]))
            continue;
        if (lies)
            draw_line_at(cairo, low, y, high, y);
        else
            draw_line_at(cairo, x, low, x, high);
    }
}

static bool has_marks(const struct plot_series *s)
{
    return s->mark == PLOT_DOTS || (s->mark == PLOT_LINE && s->count <= MARKED_POINTS);
}

static void draw_series(cairo_t *cairo, const struct field *field, const struct plot_series *s)
{
    cairo_new_path(cairo);
    if (s->mark == PLOT_BARS)
        draw_bars(cairo, field, s);
    else if (s->mark != PLOT_DOTS)
        draw_line(cairo, field, s);
    if (s->mark == PLOT_DOTS && s->low && s->high)
        draw_whiskers(cairo, field, s);
    if (has_marks(s))
        draw_marks(cairo, field, s);
}

void plot_panel_draw(cairo_t *cairo, const struct plot_panel *panel, double x, double y,
                     double width, double height)
{
    struct field field = {.panel = panel};

    fit_field(&field);
    field.x.from = x + (panel->y.categories > 0 ? widest(cairo, &panel->y) + 14 : LEFT);
    field.x.to = x + width - RIGHT;
    field.y.from = y + height - BOTTOM;
    field.y.to = y + TOP;
    draw_grid(cairo, &field);
    draw_tick_labels(cairo, &field);
    draw_axis_labels(cairo, &field);
    cairo_save(cairo);
    cairo_rectangle(cairo, field.x.from - 4, field.y.to - 4, field.x.to - field.x.from + 8,
                    field.y.from - field.y.to + 8);
    cairo_clip(cairo);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (int i = 0; i < panel->count; i++)
        draw_band(cairo, &field, &panel->series[i]);
    for (int i = 0; i < panel->count; i++)
        draw_series(cairo, &field, &panel->series[i]);
    cairo_restore(cairo);
}

void plot_key_draw(cairo_t *cairo, const struct plot_series *series, double x, double y)
{
    plot_set_colour(cairo, series->colour, 1);
    if (series->mark == PLOT_BARS) {
        cairo_rectangle(cairo, x, y - 7, 16, 8);
        cairo_fill(cairo);
        return;
    }
    cairo_set_line_width(cairo, 1.4);
    if (series->mark != PLOT_DOTS) {
        cairo_move_to(cairo, x, y - 3);
        cairo_line_to(cairo, x + 16, y - 3);
        cairo_stroke(cairo);
    }
    if (has_marks(series))
        put_mark(cairo, x + 8, y - 3, series->colour);
}
