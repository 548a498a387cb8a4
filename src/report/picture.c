/* SPDX-License-Identifier: Apache-2.0 */
#include "report/picture.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

static const double PNG_SCALE = 2;

static cairo_status_t add_bytes(void *arg, const unsigned char *bytes, unsigned count)
{
    text_add_bytes(arg, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(enum picture_format format, double width, double height,
                                     struct text *out)
{
    cairo_surface_t *surface;

    switch (format) {
    case PICTURE_SVG:
        surface = cairo_svg_surface_create_for_stream(add_bytes, out, width, height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
        return surface;
    case PICTURE_PDF:
        surface = cairo_pdf_surface_create_for_stream(add_bytes, out, width, height);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
        return surface;
    case PICTURE_PNG:
        break;
    }
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * PNG_SCALE),
                                         (int)ceil(height * PNG_SCALE));
    cairo_surface_set_device_scale(surface, PNG_SCALE, PNG_SCALE);
    return surface;
}

void picture_set_font(cairo_t *cairo)
{
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, PICTURE_FONT);
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

int picture_render(const struct picture *picture, enum picture_format format, struct text *out,
                   struct err *err)
{
    cairo_surface_t *surface = make_surface(format, picture->width, picture->height, out);
    cairo_t *cairo = cairo_create(surface);
    cairo_status_t status;

    picture_set_font(cairo);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    picture->draw(cairo, picture->arg);
    status = cairo_status(cairo);
    cairo_destroy(cairo);
    if (format == PICTURE_PNG && status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, add_bytes, out);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (format == PICTURE_SVG)
        forget_surface_number(out);
    if (status != CAIRO_STATUS_SUCCESS)
        return err_set(err, ERR_IO, "picture: %s", cairo_status_to_string(status));
    return 0;
}

static int find_format(const char *path, enum picture_format *out, struct err *err)
{
    static const char *const ending[] = {".svg", ".pdf", ".png"};
    size_t length = strlen(path);

    for (size_t i = 0; i < COUNT_OF(ending); i++)
        if (length > 4 && strcmp(path + length - 4, ending[i]) == 0) {
            *out = (enum picture_format)i;
            return 0;
        }
    return err_set(err, ERR_INVALID, "%s: expected a name that ends in .svg, .pdf or .png", path);
}

int picture_check_name(const char *path, struct err *err)
{
    enum picture_format format;

    return find_format(path, &format, err);
}

int picture_write(const struct picture *picture, const char *path, struct err *err)
{
    enum picture_format format = PICTURE_SVG;
    struct text bytes;
    int rc = find_format(path, &format, err);

    if (rc)
        return rc;
    text_init(&bytes, 0);
    rc = picture_render(picture, format, &bytes, err);
    if (rc == 0)
        rc = text_write_file(&bytes, path, err);
    text_release(&bytes);
    return rc;
}
