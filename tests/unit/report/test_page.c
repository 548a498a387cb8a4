/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <string.h>

#include "base/text.h"
#include "report/html.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/table.h"
#include "report/table_tex.h"

static const char *const scripts[] = {"page.js", "chart.js", NULL};
static const char *const styles[] = {"page.css", NULL};

#define EVIL "</script><script>alert(1)</script>\"'&"

static void escaped_text_holds_no_markup(void **state)
{
    struct text out;
    (void)state;

    text_init(&out, 0);
    html_add(&out, "<a href=\"x\" b='y'>&\x01\xFF\xC2\x85\xC3\xA4\n");
    assert_string_equal(out.bytes, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;"
                                   "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA4\n");
    text_reset(&out);
    html_add_json(&out, "[\"</a>\",1<2]", 12);
    assert_string_equal(out.bytes, "[\"\\u003c/a>\",1\\u003c2]");
    text_release(&out);
}

static void fill(struct page *page)
{
    double x[] = {0, 1}, y[] = {1, 2};
    struct plot_series series = {.name = EVIL, .x = x, .y = y, .count = 2};
    struct plot_panel panel = {.title = EVIL, .x = {.label = EVIL}, .series = &series, .count = 1};
    struct plot plot = {.title = EVIL, .panel = &panel, .panels = 1};
    struct table table;

    page_section(page, "one", EVIL);
    page_paragraph(page, NULL, "%s", EVIL);
    page_chart(page, &plot, EVIL);
    table_init(&table);
    table_column(&table, EVIL, TABLE_LEFT, 0);
    table_cell(&table, MOOD_GOOD, "%s", EVIL);
    page_table(page, EVIL, &table);
    table_release(&table);
    page_folded(page, EVIL, EVIL);
    page_facts(page);
    page_fact(page, EVIL, EVIL);
    page_facts_end(page);
}

static int count(const char *text, const char *word)
{
    int found = 0;

    for (; (text = strstr(text, word)); text += strlen(word))
        found++;
    return found;
}

/* Wherever a text may stand, it stays a text: the page has the scripts that it should and no more.
 */
static void no_text_becomes_markup(void **state)
{
    struct page page;
    struct text out;
    (void)state;

    page_init(&page, EVIL, EVIL, scripts, styles);
    fill(&page);
    text_init(&out, 0);
    page_print(&page, &out);
    assert_int_equal(count(out.bytes, "<script"), 2); /* the chart's data, and ours */
    assert_int_equal(count(out.bytes, "</script>"), 2);
    assert_null(strstr(out.bytes, "<script>alert"));
    assert_non_null(strstr(out.bytes, "&lt;script&gt;alert(1)"));
    assert_non_null(strstr(out.bytes, "script-src 'sha256-"));
    assert_int_equal(count(out.bytes, "<section"), count(out.bytes, "</section>"));
    text_release(&out);
    page_release(&page);
}

static void latex_is_escaped(void **state)
{
    struct table table;
    struct text out;
    (void)state;

    table_init(&table);
    table_column(&table, "a_b", TABLE_LEFT, 0);
    table_column(&table, "50%", TABLE_RIGHT, 0);
    table_cell(&table, MOOD_PLAIN, "x&y\\");
    table_cell(&table, MOOD_PLAIN, "-1.5 ±0.2");
    text_init(&out, 0);
    table_tex(&table, "caption\n\n", &out);
    assert_string_equal(out.bytes,
                        "% caption\n\\begin{tabular}{lr}\n\\toprule\na\\_b & 50\\% \\\\\n"
                        "\\midrule\nx\\&y\\textbackslash{} & $-$1.5 $\\pm$0.2 \\\\\n"
                        "\\bottomrule\n\\end{tabular}\n");
    text_release(&out);
    table_release(&table);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(escaped_text_holds_no_markup),
    cmocka_unit_test(no_text_becomes_markup),
    cmocka_unit_test(latex_is_escaped),
};

RUN_TESTS(tests)
