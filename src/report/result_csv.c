/* SPDX-License-Identifier: Apache-2.0 */
#include "report/result_csv.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "core/catalog.h"
#include "core/policy.h"
#include "report/result.h"
#include "sim/comparison.h"

void csv_value(struct text *out, char separator, const char *value)
{
    const char special[] = {separator, '"', '\r', '\n', '\0'};

    if (!strpbrk(value, special)) {
        text_add(out, value);
        return;
    }
    text_add_char(out, '"');
    for (; *value; value++) {
        if (*value == '"')
            text_add_char(out, '"');
        text_add_char(out, *value);
    }
    text_add_char(out, '"');
}

/* Nothing where there is no figure. */
static void add_real(struct text *out, char separator, double value)
{
    text_add_char(out, separator);
    if (isfinite(value))
        text_add_double(out, value);
}

/* "cluster-down" as a column's name */
static void add_word(struct text *out, const char *word)
{
    for (; *word; word++)
        text_add_char(out, *word == '-' ? '_' : *word);
}

static bool is_shown(const struct csv_style *style, int measure)
{
    return !style->reproducible || measure_is_reproducible((enum measure)measure);
}

static void add_names(const struct result *result, const struct csv_style *style, bool means,
                      struct text *out)
{
    char s = style->separator;

    text_add(out, style->names ? style->names : "");
    text_printf(out, "policy%cinfo%c%s", s, s, means ? "seeds" : "seed");
    for (int i = 0; i < MEASURES; i++) {
        if (is_shown(style, i))
            text_printf(out, "%c%s", s, measure_info[i].name);
        if (means && i == MEASURE_COMPLETION)
            text_printf(out, "%cci95%cdifference%cdifference_ci95", s, s, s);
    }
    for (int r = 0; r < result->catalog->resources; r++)
        text_printf(out, "%cutilisation_%s", s, result->catalog->resource[r].name);
    for (int i = 0; i < REFUSALS; i++) {
        text_printf(out, "%crefused_", s);
        add_word(out, refusal_word((enum refusal)i));
    }
    text_add_char(out, '\n');
}

static void begin_row(const struct result *result, const struct csv_style *style, int entrant,
                      int64_t seeds, struct text *out)
{
    text_add(out, style->values ? style->values : "");
    csv_value(out, style->separator, result->entrant[entrant].name);
    text_printf(out, "%c%s%c", style->separator, info_class_name(result->entrant[entrant].info),
                style->separator);
    text_add_int(out, seeds);
}

void result_csv(const struct result *result, const struct csv_style *style, struct text *out)
{
    char s = style->separator;

    if (!style->no_header)
        add_names(result, style, true, out);
    for (int e = 0; e < result->entrants; e++) {
        const struct summary *summary = &result->summary[e];

        begin_row(result, style, e, summary->seeds, out);
        for (int i = 0; i < MEASURES; i++) {
            if (is_shown(style, i))
                add_real(out, s, summary->measure[i].mean);
            if (i != MEASURE_COMPLETION)
                continue;
            add_real(out, s, summary->measure[i].half);
            add_real(out, s, summary->difference.mean);
            add_real(out, s, summary->difference.half);
        }
        for (int r = 0; r < result->catalog->resources; r++)
            add_real(out, s, summary->utilisation[r]);
        for (int i = 0; i < REFUSALS; i++)
            add_real(out, s, summary->refused[i]);
        text_add_char(out, '\n');
    }
}

static void add_outcome(const struct result *result, const struct csv_style *style, int entrant,
                        int seed_index, struct text *out)
{
    const struct metrics *m = &result_outcome(result, entrant, seed_index)->metrics;
    char s = style->separator;

    begin_row(result, style, entrant, (int64_t)result->seed[seed_index], out);
    for (int i = 0; i < MEASURES; i++)
        if (is_shown(style, i))
            add_real(out, s, measure_of(m, (enum measure)i));
    for (int r = 0; r < result->catalog->resources; r++)
        add_real(out, s, m->utilisation[r]);
    for (int i = 0; i < REFUSALS; i++)
        add_real(out, s, (double)m->refused[i]);
    text_add_char(out, '\n');
}

void result_csv_per_seed(const struct result *result, const struct csv_style *style,
                         struct text *out)
{
    if (!style->no_header)
        add_names(result, style, false, out);
    for (int e = 0; e < result->entrants; e++)
        for (int s = 0; s < result->seeds; s++)
            if (result_outcome(result, e, s)->done)
                add_outcome(result, style, e, s, out);
}
