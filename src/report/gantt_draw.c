/* SPDX-License-Identifier: Apache-2.0 */
#include "report/gantt_draw.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "report/gantt.h"
#include "report/measure.h"
#include "report/plot_axis.h"
#include "report/plot_draw.h"
#include "report/run_digest.h"
#include "report/run_read.h"

enum { LANES = 200, TYPES_NAMED = 8, TICKS = 8 };

static const double WIDTH = 620, MARGIN = 10, HEAD = 38, FOOT = 40, GAP = 3, LEAST_LANE = 4,
                    MOST_LANE = 80, LANES_HEIGHT = 360;

struct sheet {
    const struct gantt *gantt;
    const struct run_record *run;
    int resource, lanes;
    double unit, left, height; /* of a unit of the resource; where lanes begin; of the picture */
    struct scale x;
};

static double lane_height(const struct sheet *s, int cluster)
{
    double height = s->run->catalog.cluster[cluster].capacity.amount[s->resource] * s->unit;

    return fmin(fmax(height, LEAST_LANE), MOST_LANE);
}

/* The first resource of which anything is held. */
static int pick_resource(const struct gantt *gantt)
{
    for (int r = 0; r < gantt->digest->run->catalog.resources; r++)
        if (gantt->piece[r].count > 0)
            return r;
    return 0;
}

static void lay_out(struct sheet *s, const struct gantt *gantt)
{
    const struct catalog *catalog = &gantt->digest->run->catalog;
    int32_t total;

    *s = (struct sheet){.gantt = gantt, .run = gantt->digest->run};
    s->resource = pick_resource(gantt);
    s->lanes = catalog->clusters < LANES ? catalog->clusters : LANES;
    total = catalog->total.amount[s->resource];
    s->unit = LANES_HEIGHT / (total > 0 ? total : 1);
    s->height = HEAD + FOOT;
    for (int c = 0; c < s->lanes; c++)
        s->height += lane_height(s, c) + GAP;
    scale_init(&s->x, 0, gantt->end > 0 ? gantt->end : 1, false, TICKS);
    s->x.high = gantt->end > 0 ? gantt->end : 1;
}

static void draw_head(cairo_t *cairo, const struct sheet *s)
{
    const struct run_digest *digest = s->gantt->digest;
    double x = MARGIN;
    char title[256];

    snprintf(title, sizeof title, "%s, seed %llu: %s in use by type",
             s->run->entrant[s->gantt->entrant].name,
             (unsigned long long)s->run->seed[s->gantt->seed_index],
             s->run->catalog.resource[s->resource].name);
    plot_set_grey(cairo, 0);
    plot_text(cairo, title, x, MARGIN + PLOT_FONT, 0);
    for (int i = 0; i < digest->types && i < TYPES_NAMED; i++) {
        cairo_text_extents_t box;

        plot_set_colour(cairo, i, 1);
        cairo_rectangle(cairo, x, MARGIN + 15, 8, 8);
        cairo_fill(cairo);
        plot_set_grey(cairo, PLOT_GREY);
        plot_text(cairo, digest->type[i], x + 11, MARGIN + 22, 0);
        cairo_text_extents(cairo, digest->type[i], &box);
        x += box.x_advance + 24;
    }
}

static double name_width(cairo_t *cairo, const struct sheet *s)
{
    double width = 0;

    for (int c = 0; c < s->lanes; c++) {
        cairo_text_extents_t box;

        cairo_text_extents(cairo, s->run->catalog.cluster[c].name, &box);
        width = fmax(width, box.x_advance);
    }
    return width;
}

static void draw_stretch(cairo_t *cairo, const struct sheet *s, const struct gantt_stretch *stretch,
                         double top, double height)
{
    int32_t capacity = s->run->catalog.cluster[stretch->cluster].capacity.amount[s->resource];
    double unit = height / (capacity > 0 ? capacity : 1);
    double x = scale_at(&s->x, stretch->begin), width = scale_at(&s->x, stretch->end) - x;

    for (int k = 0; k < stretch->pieces[s->resource]; k++) {
        const struct interval *piece =
            &s->gantt->piece[s->resource].item[stretch->piece[s->resource] + (size_t)k];

        cairo_rectangle(cairo, x, top + piece->low * unit, width > 1 ? width - 0.3 : width,
                        (piece->high - piece->low + 1) * unit - (unit > 1 ? 0.3 : 0));
    }
    plot_set_colour(cairo, s->gantt->task.item[stretch->task].type, 1);
    cairo_fill(cairo);
}

static void draw_outages(cairo_t *cairo, const struct sheet *s, int cluster, double top,
                         double height)
{
    for (size_t i = 0; i < s->gantt->outage.count; i++) {
        const struct gantt_outage *outage = &s->gantt->outage.item[i];
        double from = scale_at(&s->x, fmin(outage->from, s->x.high));

        if (outage->cluster != cluster)
            continue;
        plot_set_grey(cairo, 0.8);
        cairo_rectangle(cairo, from, top, scale_at(&s->x, fmin(outage->to, s->x.high)) - from,
                        height);
        cairo_fill(cairo);
    }
}

/* Stretches lie by cluster: goes on from where the last lane ended. */
static size_t draw_lane(cairo_t *cairo, const struct sheet *s, int cluster, double top, size_t at)
{
    double height = lane_height(s, cluster);

    plot_set_grey(cairo, 0.96);
    cairo_rectangle(cairo, s->x.from, top, s->x.to - s->x.from, height);
    cairo_fill(cairo);
    draw_outages(cairo, s, cluster, top, height);
    for (; at < s->gantt->stretch.count && s->gantt->stretch.item[at].cluster == cluster; at++)
        draw_stretch(cairo, s, &s->gantt->stretch.item[at], top, height);
    if (height < 7 && s->lanes > 40)
        return at;
    plot_set_grey(cairo, PLOT_GREY);
    plot_text(cairo, s->run->catalog.cluster[cluster].name, s->left - 5,
              top + height / 2 + PLOT_FONT / 3, 1);
    return at;
}

static void draw_axis(cairo_t *cairo, const struct sheet *s, double top)
{
    char label[64];

    plot_set_grey(cairo, PLOT_GREY);
    cairo_set_line_width(cairo, 0.5);
    cairo_move_to(cairo, s->x.from, top);
    cairo_line_to(cairo, s->x.to, top);
    cairo_stroke(cairo);
    for (int i = 0; i < s->x.ticks && s->x.tick[i] <= s->x.high; i++) {
        double x = scale_at(&s->x, s->x.tick[i]);
        char digits[32];

        cairo_move_to(cairo, x, top);
        cairo_line_to(cairo, x, top + 3);
        cairo_stroke(cairo);
        scale_label(&s->x, s->x.tick[i], digits);
        plot_text(cairo, digits, x, top + PLOT_FONT + 4, 0.5);
    }
    if (isnan(s->gantt->cut))
        snprintf(label, sizeof label, "time (%s)",
                 measure_unit_word(MEASURE_COMPLETION, &s->run->catalog));
    else
        snprintf(label, sizeof label, "time (%s); shown: what begins before %.6g",
                 measure_unit_word(MEASURE_COMPLETION, &s->run->catalog), s->gantt->cut);
    plot_text(cairo, label, (s->x.from + s->x.to) / 2, top + 2 * PLOT_FONT + 8, 0.5);
}

static void draw(cairo_t *cairo, const void *arg)
{
    struct sheet s = *(const struct sheet *)arg;
    double top = HEAD;
    size_t at = 0;

    s.left = MARGIN + name_width(cairo, &s) + 6;
    s.x.from = s.left;
    s.x.to = WIDTH - MARGIN;
    draw_head(cairo, &s);
    for (int c = 0; c < s.lanes; c++) {
        at = draw_lane(cairo, &s, c, top, at);
        top += lane_height(&s, c) + GAP;
    }
    draw_axis(cairo, &s, top);
}

int gantt_draw_write(const struct gantt *gantt, const char *path, struct err *err)
{
    struct picture picture = {.width = WIDTH, .draw = draw};
    struct sheet sheet;

    lay_out(&sheet, gantt);
    picture.height = sheet.height;
    picture.arg = &sheet;
    return picture_write(&picture, path, err);
}
