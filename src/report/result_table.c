/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of the comparison. Those that are no plain mean of one figure come first, with a
 * function each; the figures of measure.h follow. The usual view has the columns with a rank; what
 * is rarely other than 0 appears in it only when it is.
 */
#include "report/result_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/option.h"
#include "base/text.h"
#include "core/catalog.h"
#include "core/policy.h"
#include "report/result.h"
#include "report/table.h"

struct column {
    const char *name, *heading, *help;
    enum table_side side;
    void (*cell)(const struct result *result, int entrant, struct table *table);
};

static void policy_cell(const struct result *result, int entrant, struct table *table)
{
    table_cell(table, MOOD_STRONG, "%s", result->entrant[entrant].name);
}

static void info_cell(const struct result *result, int entrant, struct table *table)
{
    table_cell(table, MOOD_PLAIN, "%s", info_class_name(result->entrant[entrant].info));
}

static void seeds_cell(const struct result *result, int entrant, struct table *table)
{
    table_cell(table, MOOD_PLAIN, "%d", result->summary[entrant].seeds);
}

static void mean_cell(const struct result *result, int entrant, struct table *table)
{
    const struct estimate *e = &result->summary[entrant].measure[MEASURE_COMPLETION];
    int decimals = table_decimals(e->mean);

    if (isfinite(e->half))
        table_cell(table, MOOD_PLAIN, "%.*f ±%.*f", decimals, e->mean, decimals, e->half);
    else
        table_figure_cell(table, MOOD_PLAIN, e->mean);
}

/* Coloured only where the interval leaves no doubt about the sign. */
static void difference_cell(const struct result *result, int entrant, struct table *table)
{
    const struct estimate *e = &result->summary[entrant].difference;
    int decimals = table_decimals(result->summary[entrant].measure[MEASURE_COMPLETION].mean);
    enum mood mood = MOOD_PLAIN;

    if (!isfinite(e->mean)) {
        table_cell(table, MOOD_FAINT, "-");
        return;
    }
    if (isfinite(e->half) && fabs(e->mean) > e->half)
        mood = e->mean < 0 ? MOOD_GOOD : MOOD_BAD;
    if (isfinite(e->half))
        table_cell(table, mood, "%+.*f ±%.*f", decimals, e->mean, decimals, e->half);
    else
        table_cell(table, mood, "%+.*f", decimals, e->mean);
}

/* ".74/.81", one figure per resource */
static void utilisation_cell(const struct result *result, int entrant, struct table *table)
{
    struct text text;

    text_init(&text, 0);
    for (int r = 0; r < result->catalog->resources; r++) {
        double share = result->summary[entrant].utilisation[r];
        char digits[16];

        snprintf(digits, sizeof digits, "%.2f", share);
        text_printf(&text, "%s%s", r > 0 ? "/" : "", digits + (digits[0] == '0'));
    }
    table_cell(table, MOOD_PLAIN, "%s", text.bytes);
    text_release(&text);
}

static void resizes_cell(const struct result *result, int entrant, struct table *table)
{
    const struct estimate *measure = result->summary[entrant].measure;

    table_figure_cell(table, MOOD_PLAIN,
                      measure[MEASURE_RESIZES].mean / measure[MEASURE_TASKS].mean);
}

static const struct column special[] = {
    {"policy", "POLICY", "the policy as it was given", TABLE_LEFT, policy_cell},
    {"info", "INFO", "what it was shown: I0 nothing hidden, I1 progress, I2 a model, I3 the truth",
     TABLE_LEFT, info_cell},
    {"seeds", "SEEDS", "seeds that were finished", TABLE_RIGHT, seeds_cell},
    {"mean", "MEAN ±95%", "mean completion time with its 95 % interval over seeds", TABLE_RIGHT,
     mean_cell},
    {"difference", "DIFF ±95%",
     "difference of the mean to the first policy's, with its paired 95 % interval", TABLE_RIGHT,
     difference_cell},
    {"utilisation", "UTIL", "share of the capacity that was held, by resource", TABLE_RIGHT,
     utilisation_cell},
    {"resizes_per_task", "RESIZES", "changes of a running task's allocation, per task", TABLE_RIGHT,
     resizes_cell},
};

enum { SPECIALS = (int)COUNT_OF(special), COLUMNS = SPECIALS + MEASURES };

/* The usual view, in order; the rank says who gives way first. */
static const struct {
    const char *name;
    int rank;
    bool if_any; /* only when it is not 0 for somebody */
} usual[] = {
    {"policy", 0, false},     {"info", 0, false}, /* whoever compares must see who knew more */
    {"mean", 0, false},       {"difference", 1, false}, {"gap", 5, false},
    {"p50", 12, false},       {"p95", 2, false},        {"p99", 7, false},
    {"slowdown", 6, false},   {"waiting", 3, false},    {"utilisation", 4, false},
    {"fairness", 11, false},  {"makespan", 8, false},   {"resizes_per_task", 10, true},
    {"decision_us", 9, true}, {"refusals", 1, true},    {"unfinished", 1, true},
    {"lost", 1, true},        {"stuck", 1, true},
};

const char *result_column_name(int index)
{
    if (index < SPECIALS)
        return special[index].name;
    return index < COLUMNS ? measure_info[index - SPECIALS].name : NULL;
}

const char *result_column_help(int index)
{
    return index < SPECIALS ? special[index].help : measure_info[index - SPECIALS].help;
}

static int find_column(const char *name, int *out, struct err *err)
{
    const char *names[COLUMNS], *near;

    for (int i = 0; i < COLUMNS; i++) {
        names[i] = result_column_name(i);
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return 0;
        }
    }
    near = nearest_name(names, COLUMNS, name);
    if (near)
        return err_set(err, ERR_NOT_FOUND, "unknown column \"%.60s\"; did you mean \"%s\"?", name,
                       near);
    return err_set(err, ERR_NOT_FOUND,
                   "unknown column \"%.60s\"; --wide shows them all, --csv their names", name);
}

/* Of a column that is a mean of a figure, or follows from one. */
static bool is_zero_for_all(const struct result *result, int column)
{
    int measure = column < SPECIALS ? MEASURE_RESIZES : column - SPECIALS;

    for (int e = 0; e < result->entrants; e++)
        if (result->summary[e].measure[measure].mean > 0)
            return false;
    return true;
}

struct choice {
    int column[2 * COLUMNS], rank[2 * COLUMNS];
    int count;
};

static void choose(struct choice *choice, int column, int rank)
{
    for (int i = 0; i < choice->count; i++)
        if (choice->column[i] == column)
            return;
    choice->column[choice->count] = column;
    choice->rank[choice->count++] = rank;
}

static void choose_usual(struct choice *choice, const struct result *result)
{
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        int column = 0;

        BUG_ON(find_column(usual[i].name, &column, NULL));
        if (!usual[i].if_any || !is_zero_for_all(result, column))
            choose(choice, column, usual[i].rank);
    }
}

static int choose_listed(struct choice *choice, const char *list, struct err *err)
{
    int rc = 0;

    while (*list && rc == 0) {
        size_t length = strcspn(list, ",");
        char *name = xstrndup(list, length);
        int column = 0;

        rc = find_column(name, &column, err);
        if (rc == 0)
            choose(choice, column, 0);
        free(name);
        list += length;
        list += *list == ',';
    }
    return rc;
}

int result_table_check(const char *columns, struct err *err)
{
    struct choice choice = {.count = 0};

    return choose_listed(&choice, columns, err);
}

static void add_cell(const struct result *result, int column, int entrant, struct table *table)
{
    int measure = column - SPECIALS;
    double mean;

    if (column < SPECIALS) {
        special[column].cell(result, entrant, table);
        return;
    }
    mean = result->summary[entrant].measure[measure].mean;
    if (measure_info[measure].unit == UNIT_COUNT && mean == floor(mean))
        table_cell(table, MOOD_PLAIN, "%.0f", mean);
    else
        table_figure_cell(table, MOOD_PLAIN, mean);
}

int result_table_fill(const struct result *result, const char *columns, bool all,
                      struct table *table, struct err *err)
{
    struct choice choice = {.count = 0};
    int rc = 0;

    if (columns)
        rc = choose_listed(&choice, columns, err);
    else
        choose_usual(&choice, result);
    if (rc)
        return rc;
    for (int i = 0; all && i < COLUMNS; i++)
        if (i != SPECIALS + MEASURE_COMPLETION)
            choose(&choice, i, 0);
    for (int i = 0; i < choice.count; i++) {
        int column = choice.column[i];
        bool own = column < SPECIALS;

        table_column(table, own ? special[column].heading : measure_info[column - SPECIALS].heading,
                     own ? special[column].side : TABLE_RIGHT, choice.rank[i]);
    }
    for (int e = 0; e < result->entrants; e++)
        for (int i = 0; i < choice.count; i++)
            add_cell(result, choice.column[i], e, table);
    return 0;
}

static void add_seeds(const struct result *result, struct text *out)
{
    int least = result->seeds, most = 0;

    for (int e = 0; e < result->entrants; e++) {
        least = result->summary[e].seeds < least ? result->summary[e].seeds : least;
        most = result->summary[e].seeds > most ? result->summary[e].seeds : most;
    }
    if (least < most)
        text_printf(out, "%d to ", least);
    text_printf(out, "%d seed%s", most, most == 1 ? "" : "s");
    if (least < result->seeds)
        text_printf(out, " of %d", result->seeds);
}

void result_table_title(const struct result *result, struct text *out)
{
    const struct catalog *catalog = result->catalog;
    double tasks = result->entrants > 0 ? result->summary[0].measure[MEASURE_TASKS].mean : 0;

    text_printf(out, "%s: ", result->scenario);
    add_seeds(result, out);
    if (isfinite(tasks))
        text_printf(out, ", %.*f tasks", tasks == floor(tasks) ? 0 : 1, tasks);
    text_printf(out, ", %d cluster%s; times in %s", catalog->clusters,
                catalog->clusters == 1 ? "" : "s", measure_unit_word(MEASURE_COMPLETION, catalog));
    if (catalog->slot_s > 0) {
        text_add(out, " of ");
        text_add_double(out, catalog->slot_s);
        text_add(out, " s");
    }
    text_add(out, "; UTIL ");
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, "%s%s", r > 0 ? "/" : "", catalog->resource[r].name);
    text_add(out, "\n\n");
}

void result_table_notes(const struct result *result, struct text *out)
{
    bool any = false;

    for (int e = 0; e < result->entrants; e++) {
        bool listed = false;

        for (int i = 0; i < REFUSALS; i++) {
            double count = result->summary[e].refused[i];

            if (!(count > 0))
                continue;
            text_add(out, any ? "" : "\nRefused parts of plans, per episode:\n");
            if (!listed)
                text_printf(out, "  %s:", result->entrant[e].name);
            text_printf(out, "%s %s ", listed ? "," : "", refusal_word((enum refusal)i));
            table_figure(out, count);
            any = listed = true;
        }
        if (listed)
            text_add_char(out, '\n');
    }
}
