/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page that needs nothing else: style and scripts are in it, and its security policy names them
 * by their SHA-256, so that nothing else can run in it, whatever a job is called. What the scripts
 * must know of the daemon beside its API (what reasons mean) is in it as data.
 */
#include "serve/dashboard.h"

#include "base/assets.h"
#include "base/base64.h"
#include "base/emit.h"
#include "base/sha256.h"
#include "base/text.h"
#include "serve/explain.h"

static const char *const styles[] = {"page.css", "dashboard.css", NULL};
static const char *const scripts[] = {"live.js",     "live_gantt.js", "live_pages.js",
                                      "live_job.js", "dashboard.js",  NULL};

static void add_assets(struct text *out, const char *const *names)
{
    for (; *names; names++) {
        const struct asset *asset = asset_find(*names);

        text_add_bytes(out, asset->bytes, asset->count);
    }
}

static void add_escaped(struct text *out, const char *words)
{
    for (; *words; words++)
        if (*words == '<')
            text_add(out, "&lt;");
        else if (*words == '&')
            text_add(out, "&amp;");
        else
            text_add_char(out, *words);
}

static void add_reasons(struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    for (int reason = 0; reason < REASONS; reason++)
        emit_key_string(&e, reason_word((enum reason)reason), reason_meaning((enum reason)reason));
    emit_close(&e);
}

static void add_links(struct text *out)
{
    static const char *const page[][2] = {
        {"timeline", "Timeline"}, {"jobs", "Jobs"},         {"clusters", "Clusters"},
        {"types", "Types"},       {"policies", "Policies"}, {"decisions", "Decisions"},
    };

    text_add(out, "<nav aria-label=\"pages\">");
    for (size_t i = 0; i < sizeof page / sizeof *page; i++)
        text_printf(out, "<a href=\"#/%s\">%s</a>", page[i][0], page[i][1]);
    text_add(out, "<form id=\"search\" role=\"search\" method=\"post\"><input name=\"what\" "
                  "type=\"search\" aria-label=\"a job\'s number or name\" "
                  "placeholder=\"job or name  /\"></form></nav>");
}

static void add_body(const char *site, struct text *out)
{
    text_add(out, "<body><a class=\"skip\" href=\"#main\">to the page</a><header>"
                  "<div class=\"head\"><h1>");
    add_escaped(out, site);
    text_add(out, "</h1><span class=\"soft\" id=\"up\"></span><span id=\"status\" "
                  "class=\"soft\" role=\"status\"></span><button type=\"button\" id=\"pause\" "
                  "aria-pressed=\"false\" hidden>Pause</button><span id=\"who\"></span></div>");
    add_links(out);
    text_add(out, "</header><main id=\"main\" tabindex=\"-1\"><p class=\"soft\">one moment</p>"
                  "</main><noscript>This page needs JavaScript; \"tapfinger ps\" does not."
                  "</noscript><script type=\"application/json\" id=\"reasons\">");
    add_reasons(out);
    text_add(out, "</script>");
}

void dashboard_print(const char *site, struct text *out)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                  "<link rel=\"icon\" href=\"data:,\"><title>tapfinger: ");
    add_escaped(out, site);
    text_add(out, "</title><style>");
    add_assets(out, styles);
    text_add(out, "</style></head>");
    add_body(site, out);
    text_add(out, "<script>");
    add_assets(out, scripts);
    text_add(out, "</script></body></html>\n");
}

static void add_hash(struct text *out, const char *const *names)
{
    unsigned char sum[SHA256_BYTES];
    struct text all;

    text_init(&all, 0);
    add_assets(&all, names);
    sha256(all.bytes, all.length, sum);
    text_add(out, "'sha256-");
    base64_add(out, sum, sizeof sum);
    text_add(out, "'; ");
    text_release(&all);
}

void dashboard_print_policy(struct text *out)
{
    text_add(out, "default-src 'none'; script-src ");
    add_hash(out, scripts);
    text_add(out, "style-src ");
    add_hash(out, styles);
    text_add(out, "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'");
}
