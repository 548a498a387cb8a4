/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page: one HTML file with everything in it - style, scripts, data - that asks for nothing from
 * any network. It is made of sections with tables (which work without scripts), charts (the same
 * struct plot that becomes an SVG or a PDF) and data for the scripts of web/.
 *
 * Every text is escaped here; callers hand over what they have. Scripts and styles are only those
 * of web/, and the page's security policy names them by their hashes, so that nothing that comes in
 * with data could run even if it were not escaped.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/text.h"

struct err;
struct plot;
struct table;

struct page {
    char *title, *subtitle;
    struct text links, body;                  /* of the sections so far */
    const char *const *script, *const *style; /* files of web/; NULL after the last */
    bool in_section;
    int charts;
};

/* script and style are names of files of web/ and must stay; the subtitle may be NULL. */
void page_init(struct page *page, const char *title, const char *subtitle,
               const char *const *script, const char *const *style);
void page_release(struct page *page);

/* Begins a section and ends the one before; the id is what links point to. */
void page_section(struct page *page, const char *id, const char *title);

/* A paragraph; kind is its class, or NULL. */
void page_paragraph(struct page *page, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first column names the rows. A table that can be sorted has more than one row. */
void page_table(struct page *page, const char *caption, const struct table *table);

/* A figure; the plot's title is its heading, its note is not used: the caption stands below. */
void page_chart(struct page *page, const struct plot *plot, const char *caption);

/* Names and values: page_facts_end() after the last. */
void page_facts(struct page *page);
void page_fact(struct page *page, const char *name, const char *value);
void page_facts_end(struct page *page);

/* Text as it is, folded away under a word or two. */
void page_folded(struct page *page, const char *summary, const char *content);

/* Markup of ours, with nothing in it that came from outside. */
void page_markup(struct page *page, const char *html);

/* For scripts, which find it by id: JSON, or bytes in base 64. */
void page_json(struct page *page, const char *id, const struct text *json);
void page_bytes(struct page *page, const char *id, const struct text *bytes);

void page_print(const struct page *page, struct text *out);
/* "-" is standard output. */
int page_write(const struct page *page, const char *path, struct err *err);

#endif
