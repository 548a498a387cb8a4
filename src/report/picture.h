/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures as SVG, PDF or PNG: whoever draws one gets a cairo context, and here are the surfaces,
 * the files, and the care that the same picture is the same bytes. */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <cairo.h>

struct err;
struct text;

enum picture_format { PICTURE_SVG, PICTURE_PDF, PICTURE_PNG };

/* The page is white, the font sans-serif of PICTURE_FONT points, and sizes are in points. */
struct picture {
    double width, height;
    void (*draw)(cairo_t *cairo, const void *arg);
    const void *arg;
};

enum { PICTURE_FONT = 9 };

/* Font as the drawing will have it, for measuring texts before the size is known. */
void picture_set_font(cairo_t *cairo);

int picture_render(const struct picture *picture, enum picture_format format, struct text *out,
                   struct err *err);
/* Whether a file's name says a format. */
int picture_check_name(const char *path, struct err *err);

/* Into a file, its format by the ending of its name. */
int picture_write(const struct picture *picture, const char *path, struct err *err);

#endif
