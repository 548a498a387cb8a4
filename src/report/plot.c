/* SPDX-License-Identifier: Apache-2.0 */
/* The picture: title, legend, panels in rows and a note, from top to bottom; and its file. */
#include "report/plot.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/plot_draw.h"

static const double MARGIN = 10, TITLE = 20, LEGEND = 18, NOTE = 16, BIG_FONT = 11, PNG_SCALE = 2;

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

    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    plot_set_grey(cairo, 0);
    if (plot->title) {
        cairo_set_font_size(cairo, BIG_FONT);
        plot_text(cairo, plot->title, MARGIN, MARGIN + BIG_FONT, 0);
        cairo_set_font_size(cairo, PLOT_FONT);
    }
    lay_legend(canvas, MARGIN + sizes.title, true);
    for (int i = 0; i < plot->panels; i++)
        plot_panel_draw(cairo, &plot->panel[i], MARGIN + sizes.panel_width * (i % columns_of(plot)),
                        top + sizes.panel_height * (i / columns_of(plot)), sizes.panel_width,
                        sizes.panel_height);
    if (plot->note) {
        plot_set_grey(cairo, PLOT_GREY);
        plot_text(cairo, plot->note, MARGIN, canvas->height - MARGIN, 0);
    }
}

/* Files */

static cairo_status_t add_bytes(void *arg, const unsigned char *bytes, unsigned count)
{
    text_add_bytes(arg, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(enum plot_format format, double width, double height,
                                     struct text *out)
{
    cairo_surface_t *surface;

    switch (format) {
    case PLOT_SVG:
        surface = cairo_svg_surface_create_for_stream(add_bytes, out, width, height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
        return surface;
    case PLOT_PDF:
        surface = cairo_pdf_surface_create_for_stream(add_bytes, out, width, height);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
        return surface;
    case PLOT_PNG:
        break;
    }
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * PNG_SCALE),
                                         (int)ceil(height * PNG_SCALE));
    cairo_surface_set_device_scale(surface, PNG_SCALE, PNG_SCALE);
    return surface;
}

static void set_font(cairo_t *cairo)
{
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, PLOT_FONT);
}

/* cairo numbers its surfaces through a process and writes the number into "surface12"; nothing in
 * the file refers to it. */
static void forget_surface_number(struct text *svg)
{
    static const char word[] = "id=\"surface";
    char *at = strstr(svg->bytes, word);
    size_t digits;

    if (!at)
        return;
    at += sizeof word - 1;
    digits = strspn(at, "0123456789");
    memmove(at, at + digits, strlen(at + digits) + 1);
    svg->length -= digits;
}

/* The picture's size depends on how its legend breaks, which only a surface with fonts can tell. */
static void find_size(const struct plot *plot, double *width, double *height)
{
    cairo_surface_t *probe = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    int columns = columns_of(plot), rows = (plot->panels + columns - 1) / columns;
    struct canvas canvas = {.cairo = cairo_create(probe), .plot = plot};
    struct sizes sizes;

    set_font(canvas.cairo);
    canvas.width = columns * (plot->panel_width > 0 ? plot->panel_width : 300) + 2 * MARGIN;
    sizes = measure(&canvas);
    *width = canvas.width;
    *height = rows * sizes.panel_height + sizes.title + sizes.legend + sizes.note + 2 * MARGIN;
    cairo_destroy(canvas.cairo);
    cairo_surface_destroy(probe);
}

int plot_render(const struct plot *plot, enum plot_format format, struct text *out, struct err *err)
{
    struct canvas canvas = {.plot = plot};
    cairo_surface_t *surface;
    cairo_status_t status;

    BUG_ON(plot->panels < 1);
    find_size(plot, &canvas.width, &canvas.height);
    surface = make_surface(format, canvas.width, canvas.height, out);
    canvas.cairo = cairo_create(surface);
    set_font(canvas.cairo);
    draw(&canvas);
    status = cairo_status(canvas.cairo);
    cairo_destroy(canvas.cairo);
    if (format == PLOT_PNG && status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, add_bytes, out);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (format == PLOT_SVG)
        forget_surface_number(out);
    if (status != CAIRO_STATUS_SUCCESS)
        return err_set(err, ERR_IO, "plot: %s", cairo_status_to_string(status));
    return 0;
}

static int find_format(const char *path, enum plot_format *out, struct err *err)
{
    static const char *const ending[] = {".svg", ".pdf", ".png"};
    size_t length = strlen(path);

    for (size_t i = 0; i < COUNT_OF(ending); i++)
        if (length > 4 && strcmp(path + length - 4, ending[i]) == 0) {
            *out = (enum plot_format)i;
            return 0;
        }
    return err_set(err, ERR_INVALID, "%s: expected a name that ends in .svg, .pdf or .png", path);
}

int plot_write(const struct plot *plot, const char *path, struct err *err)
{
    enum plot_format format = PLOT_SVG;
    struct text bytes;
    int rc = find_format(path, &format, err);

    if (rc)
        return rc;
    text_init(&bytes, 0);
    rc = plot_render(plot, format, &bytes, err);
    if (rc == 0)
        rc = text_write_file(&bytes, path, err);
    text_release(&bytes);
    return rc;
}
