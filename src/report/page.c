/* SPDX-License-Identifier: Apache-2.0 */
#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assets.h"
#include "base/base64.h"
#include "base/emit.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/version.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/plot_json.h"
#include "report/table.h"

void page_init(struct page *page, const char *title, const char *subtitle,
               const char *const *script, const char *const *style)
{
    *page = (struct page){.script = script, .style = style};
    page->title = xstrdup(title);
    page->subtitle = subtitle ? xstrdup(subtitle) : NULL;
    text_init(&page->links, 0);
    text_init(&page->body, 0);
}

void page_release(struct page *page)
{
    free(page->title);
    free(page->subtitle);
    text_release(&page->links);
    text_release(&page->body);
}

void page_section(struct page *page, const char *id, const char *title)
{
    text_printf(&page->links, "<li><a href=\"#%s\">", id);
    html_add(&page->links, title);
    text_add(&page->links, "</a></li>\n");
    if (page->in_section)
        text_add(&page->body, "</section>\n");
    text_printf(&page->body,
                "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id, id,
                id);
    html_add(&page->body, title);
    text_add(&page->body, "</h2>\n");
    page->in_section = true;
}

void page_paragraph(struct page *page, const char *kind, const char *format, ...)
{
    va_list args;
    char *words;

    va_start(args, format);
    BUG_ON(vasprintf(&words, format, args) < 0);
    va_end(args);
    if (kind)
        text_printf(&page->body, "<p class=\"%s\">", kind);
    else
        text_add(&page->body, "<p>");
    html_add(&page->body, words);
    text_add(&page->body, "</p>\n");
    free(words);
}

/* Tables */

static const char *mood_class(enum mood mood)
{
    switch (mood) {
    case MOOD_GOOD:
        return "good";
    case MOOD_BAD:
        return "bad";
    case MOOD_FAINT:
        return "faint";
    case MOOD_PLAIN:
    case MOOD_STRONG:
        break;
    }
    return NULL;
}

static void add_classes(struct text *out, enum table_side side, const char *mood)
{
    const char *number = side == TABLE_RIGHT ? "number" : "";

    if (*number || mood)
        text_printf(out, " class=\"%s%s%s\"", number, *number && mood ? " " : "", mood ? mood : "");
}

static void add_heading_row(struct text *out, const struct table *table)
{
    text_add(out, "<thead><tr>");
    for (size_t c = 0; c < table->columns.count; c++) {
        text_add(out, "<th scope=\"col\"");
        add_classes(out, table->columns.item[c].side, NULL);
        text_add_char(out, '>');
        html_add(out, table->columns.item[c].heading);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n");
}

static void add_row(struct text *out, const struct table *table, size_t row)
{
    text_add(out, "<tr>");
    for (size_t c = 0; c < table->columns.count; c++) {
        const struct table_cell *cell = &table->cells.item[row * table->columns.count + c];

        text_add(out, c == 0 ? "<th scope=\"row\"" : "<td");
        add_classes(out, table->columns.item[c].side, mood_class(cell->mood));
        text_add_char(out, '>');
        html_add(out, cell->text);
        text_add(out, c == 0 ? "</th>" : "</td>");
    }
    text_add(out, "</tr>\n");
}

void page_table(struct page *page, const char *caption, const struct table *table)
{
    struct text *out = &page->body;
    size_t rows = table->cells.count / table->columns.count;

    text_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_add(out, caption);
    text_printf(out, "\"><table%s>\n<caption>", rows > 1 ? " class=\"sortable\"" : "");
    html_add(out, caption);
    text_add(out, "</caption>\n");
    add_heading_row(out, table);
    text_add(out, "<tbody>\n");
    for (size_t row = 0; row < rows; row++)
        add_row(out, table, row);
    text_add(out, "</tbody></table></div>\n");
}

/* Charts and data */

void page_chart(struct page *page, const struct plot *plot, const char *caption)
{
    struct text *out = &page->body, json;
    struct emit e;
    int number = ++page->charts;

    text_init(&json, 0);
    emit_init(&e, &json);
    plot_emit(plot, &e);
    text_printf(out, "<figure class=\"chart\" id=\"chart-%d\">\n", number);
    if (plot->title) {
        text_add(out, "<h3>");
        html_add(out, plot->title);
        text_add(out, "</h3>\n");
    }
    text_add(out, "<script type=\"application/json\">");
    html_add_json(out, json.bytes, json.length);
    text_add(out, "</script>\n<figcaption>");
    html_add(out, caption);
    text_add(out, "</figcaption>\n</figure>\n");
    text_release(&json);
}

void page_json(struct page *page, const char *id, const struct text *json)
{
    text_printf(&page->body, "<script type=\"application/json\" id=\"%s\">", id);
    html_add_json(&page->body, json->bytes, json->length);
    text_add(&page->body, "</script>\n");
}

void page_bytes(struct page *page, const char *id, const struct text *bytes)
{
    text_printf(&page->body, "<script type=\"text/plain\" id=\"%s\">", id);
    base64_add(&page->body, bytes->bytes, bytes->length);
    text_add(&page->body, "</script>\n");
}

/* Words */

void page_facts(struct page *page)
{
    text_add(&page->body, "<dl class=\"facts\">\n");
}

void page_fact(struct page *page, const char *name, const char *value)
{
    text_add(&page->body, "<div><dt>");
    html_add(&page->body, name);
    text_add(&page->body, "</dt><dd>");
    html_add(&page->body, value);
    text_add(&page->body, "</dd></div>\n");
}

void page_facts_end(struct page *page)
{
    text_add(&page->body, "</dl>\n");
}

void page_folded(struct page *page, const char *summary, const char *content)
{
    text_add(&page->body, "<details><summary>");
    html_add(&page->body, summary);
    text_add(&page->body, "</summary><pre tabindex=\"0\">");
    html_add(&page->body, content);
    text_add(&page->body, "</pre></details>\n");
}

void page_markup(struct page *page, const char *html)
{
    text_add(&page->body, html);
}

/* The whole */

static void join_assets(const char *const *name, struct text *out)
{
    text_init(out, 0);
    for (; *name; name++) {
        const struct asset *asset = asset_find(*name);

        text_add_bytes(out, asset->bytes, asset->count);
    }
    BUG_ON(strstr(out->bytes, "</s") || strstr(out->bytes, "<!--"));
}

/* As content security policies name a script: 'sha256-...' */
static void add_source(struct text *out, const struct text *content)
{
    char hex[SHA256_HEX_BYTES];
    unsigned char digest[32];

    sha256_hex(content->bytes, content->length, hex);
    for (int i = 0; i < 32; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        digest[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    text_add(out, "'sha256-");
    base64_add(out, digest, sizeof digest);
    text_add_char(out, '\'');
}

static void add_head(const struct page *page, const struct text *script, const struct text *style,
                     struct text *out)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "base-uri 'none'; form-action 'none'; img-src data:; script-src ");
    add_source(out, script);
    text_add(out, "; style-src ");
    add_source(out, style);
    text_printf(out,
                "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta name=\"generator\" content=\"tapfinger %s\">\n"
                "<link rel=\"icon\" href=\"data:,\">\n<title>",
                version_number());
    html_add(out, page->title);
    text_add(out, "</title>\n<style>");
    text_add_bytes(out, style->bytes, style->length);
    text_add(out, "</style>\n</head>\n");
}

static void add_header(const struct page *page, struct text *out)
{
    text_add(out, "<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n"
                  "<header>\n<div class=\"head\"><h1>");
    html_add(out, page->title);
    text_add(out, "</h1><div id=\"theme\"></div></div>\n");
    if (page->subtitle) {
        text_add(out, "<p>");
        html_add(out, page->subtitle);
        text_add(out, "</p>\n");
    }
    text_add(out, "</header>\n<nav aria-label=\"Sections\"><ul>\n");
    text_add_bytes(out, page->links.bytes, page->links.length);
    text_add(out, "</ul></nav>\n<main id=\"content\">\n"
                  "<noscript><p class=\"note\">Tables can be read without scripts; charts and the "
                  "schedule need them.</p></noscript>\n");
}

void page_print(const struct page *page, struct text *out)
{
    struct text script, style;

    join_assets(page->script, &script);
    join_assets(page->style, &style);
    add_head(page, &script, &style, out);
    add_header(page, out);
    text_add_bytes(out, page->body.bytes, page->body.length);
    if (page->in_section)
        text_add(out, "</section>\n");
    text_printf(out,
                "</main>\n<footer><p>Made by tapfinger %s%s%s. Everything is in this file.</p>"
                "</footer>\n<script>",
                version_number(), *version_commit() ? ", commit " : "", version_commit());
    text_add_bytes(out, script.bytes, script.length);
    text_add(out, "</script>\n</body>\n</html>\n");
    text_release(&script);
    text_release(&style);
}

int page_write(const struct page *page, const char *path, struct err *err)
{
    struct text out;
    int rc = 0;

    text_init(&out, 0);
    page_print(page, &out);
    if (strcmp(path, "-") == 0)
        fwrite(out.bytes, 1, out.length, stdout);
    else
        rc = text_write_file(&out, path, err);
    text_release(&out);
    return rc;
}
