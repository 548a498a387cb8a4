/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/dashboard.h"

#include "base/assets.h"
#include "base/text.h"

static void add_asset(struct text *out, const char *name)
{
    const struct asset *asset = asset_find(name);

    text_add_bytes(out, asset->bytes, asset->count);
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

void dashboard_print(const char *site, struct text *out)
{
    text_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                  "<link rel=\"icon\" href=\"data:,\"><title>tapfinger: ");
    add_escaped(out, site);
    text_add(out, "</title><style>");
    add_asset(out, "page.css");
    add_asset(out, "dashboard.css");
    text_add(out, "</style></head><body><header><div class=\"head\"><h1>");
    add_escaped(out, site);
    text_add(out, "</h1><span id=\"who\" class=\"soft\"></span>"
                  "<span id=\"status\" class=\"soft\" role=\"status\"></span></div>"
                  "<nav aria-label=\"pages\"><a href=\"#/timeline\">Timeline</a>"
                  "<a href=\"#/jobs\">Jobs</a><a href=\"#/clusters\">Clusters</a>"
                  "<a href=\"#/types\">Types</a><a "
                  "href=\"#/policies\">Policies</a>"
                  "<a href=\"#/decisions\">Decisions</a></nav></header>"
                  "<main tabindex=\"-1\"><p class=\"soft\">one moment</p></main>"
                  "<noscript>This page needs JavaScript; \"tapfinger ps\" does not.</noscript>"
                  "<script>");
    add_asset(out, "dashboard.js");
    text_add(out, "</script></body></html>\n");
}
