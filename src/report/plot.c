/* SPDX-License-Identifier: Apache-2.0 */
/* The picture: title, legend, panels in rows and a note, from top to bottom. */
#include "report/plot.h"

#include <cairo.h>

#include "base/memory.h"
#include "report/plot_draw.h"

static const double MARGIN = 10, TITLE = 20, LEGEND = 18, NOTE = 16, BIG_FONT = 11;

struct canvas {
    cairo_t *cairo;
    const struct plot *plot;
    double width, height;
};

static double text_width(cairo_t *cairo, const char *text)
{
    cairo_text_extents_t box;

    cairo_text_extents(cairo, text, &box);
    return box.x_advance;
}

/* Legend: one entry per colour, of the first series that has it, in lines as they fit. */

static const struct plot_series *series_of(const struct plot *plot, int colour)
{
    for (int p = 0; p < plot->panels; p++)
        for (int i = 0; i < plot->panel[p].count; i++)
            if (plot->panel[p].series[i].colour == colour && plot->panel[p].series[i].name)
                return &plot->panel[p].series[i];
    return NULL;
}

static int most_colours(const struct plot *plot)
{
    int most = 0;

    for (int p = 0; p < plot->panels; p++)
        for (int i = 0; i < plot->panel[p].count; i++)
            if (plot->panel[p].series[i].colour >= most)
                most = plot->panel[p].series[i].colour + 1;
    return most;
}

/* Returns the lines it takes; draws only if asked to. */
static int lay_legend(const struct canvas *canvas, double top, bool draw)
{
    double x = MARGIN, y = top + PLOT_FONT + 2;
    int lines = 0;

    for (int colour = 0; colour < most_colours(canvas->plot); colour++) {
        const struct plot_series *series = series_of(canvas->plot, colour);
        double width;

        if (!series)
            continue;
        width = 20 + text_width(canvas->cairo, series->name) + 16;
        if (x > MARGIN && x + width > canvas->width) {
            x = MARGIN;
            y += LEGEND;
            lines++;
        }
        lines += lines == 0;
        if (draw) {
            plot_key_draw(canvas->cairo, series, x, y);
            plot_set_grey(canvas->cairo, 0);
            plot_text(canvas->cairo, series->name, x + 20, y, 0);
        }
        x += width;
    }
    return lines;
}

struct sizes {
    double panel_width, panel_height, title, legend, note;
};

static struct sizes measure(const struct canvas *canvas)
{
    const struct plot *plot = canvas->plot;
    struct sizes sizes = {
        .panel_width = plot->panel_width > 0 ? plot->panel_width : 300,
        .panel_height = plot->panel_height > 0 ? plot->panel_height : 220,
        .title = plot->title ? TITLE : 0,
        .note = plot->note ? NOTE : 0,
    };

    sizes.legend = lay_legend(canvas, 0, false) * LEGEND;
    return sizes;
}

static int columns_of(const struct plot *plot)
{
    int columns = plot->columns > 0 ? plot->columns : 1;

    return columns < plot->panels ? columns : plot->panels;
}

static void draw(const struct canvas *canvas)
{
    const struct plot *plot = canvas->plot;
    struct sizes sizes = measure(canvas);
    double top = MARGIN + sizes.title + sizes.legend;
    cairo_t *cairo = canvas->cairo;

    plot_set_grey(cairo, 0);
    if (plot->title) {
        cairo_set_font_size(cairo, BIG_FONT);
        plot_text(cairo, plot->title, MARGIN, MARGIN + BIG_FONT, 0);
        cairo_set_font_size(cairo, PLOT_FONT);
    }
    lay_legend(canvas, MARGIN + sizes.title, true);
    for (int i = 0; i < plot->panels; i++) {
        int row = i / columns_of(plot), column = i % columns_of(plot);

        plot_panel_draw(cairo, &plot->panel[i], MARGIN + sizes.panel_width * column,
                        top + sizes.panel_height * row, sizes.panel_width, sizes.panel_height);
    }
    if (plot->note) {
        plot_set_grey(cairo, PLOT_GREY);
        plot_text(cairo, plot->note, MARGIN, canvas->height - MARGIN, 0);
    }
}

/* The picture's size depends on how its legend breaks, which only a surface with fonts can tell. */
static void find_size(const struct plot *plot, double *width, double *height)
{
    cairo_surface_t *probe = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    int columns = columns_of(plot), rows = (plot->panels + columns - 1) / columns;
    struct canvas canvas = {.cairo = cairo_create(probe), .plot = plot};
    struct sizes sizes;

    picture_set_font(canvas.cairo);
    canvas.width = columns * (plot->panel_width > 0 ? plot->panel_width : 300) + 2 * MARGIN;
    sizes = measure(&canvas);
    *width = canvas.width;
    *height = rows * sizes.panel_height + sizes.title + sizes.legend + sizes.note + 2 * MARGIN;
    cairo_destroy(canvas.cairo);
    cairo_surface_destroy(probe);
}

static void draw_plot(cairo_t *cairo, const void *arg)
{
    struct canvas canvas = *(const struct canvas *)arg;

    canvas.cairo = cairo;
    draw(&canvas);
}

static struct picture picture_of(struct canvas *canvas, const struct plot *plot)
{
    BUG_ON(plot->panels < 1);
    *canvas = (struct canvas){.plot = plot};
    find_size(plot, &canvas->width, &canvas->height);
    return (struct picture){canvas->width, canvas->height, draw_plot, canvas};
}

int plot_render(const struct plot *plot, enum picture_format format, struct text *out,
                struct err *err)
{
    struct canvas canvas;
    struct picture picture = picture_of(&canvas, plot);

    return picture_render(&picture, format, out, err);
}

int plot_write(const struct plot *plot, const char *path, struct err *err)
{
    struct canvas canvas;
    struct picture picture = picture_of(&canvas, plot);

    return picture_write(&picture, path, err);
}
