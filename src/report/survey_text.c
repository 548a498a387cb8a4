/* SPDX-License-Identifier: Apache-2.0 */
#include "report/survey_print.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "core/scenario.h"
#include "report/survey.h"
#include "report/table.h"

enum { CLUSTERS_SHOWN = 12 };

struct checked {
    const struct scenario *scenario;
    const struct survey *survey;
    struct text *warnings;
};

static const char *time_word(const struct scenario *scenario)
{
    return scenario->catalog.slot_s > 0 ? "slots" : "s";
}

static double in_units(const struct scenario *scenario, double seconds)
{
    return seconds / scenario->catalog.time_unit_s;
}

/* The largest thrifty load of any resource. */
static double heaviest(const struct catalog *catalog, const struct load *load)
{
    double most = 0;

    for (int r = 0; r < catalog->resources; r++)
        most = fmax(most, load->thrifty[r]);
    return most;
}

/* Warnings */

static void warn_loads(struct checked *c)
{
    const struct catalog *catalog = &c->scenario->catalog;
    int idle = 0;

    for (int i = 0; i < catalog->clusters; i++)
        idle += c->survey->cluster[i].tasks == 0;
    if (c->survey->arrival_s > 0 && heaviest(catalog, &c->survey->load) > 1)
        text_add(c->warnings, "more work arrives than all clusters together can do: waiting grows "
                              "for as long as tasks arrive\n");
    if (idle > 0)
        text_printf(c->warnings, "%d of %d clusters are in no task's reach, or can hold none\n",
                    idle, catalog->clusters);
}

static void warn_nowhere(struct checked *c)
{
    const struct catalog *catalog = &c->scenario->catalog;

    for (int t = 0; t < catalog->types; t++) {
        const struct type_survey *type = &c->survey->type[t];

        if (type->tasks == 0)
            text_printf(c->warnings, "no task of type %s arrived in %d seeds\n",
                        catalog->type[t].name, c->survey->seeds);
        if (type->nowhere == 0)
            continue;
        text_printf(c->warnings,
                    "%lld of %lld tasks of type %s can run nowhere: no cluster of their reach "
                    "holds their minimum, or they would never end; task %d of seed %llu reaches "
                    "%s\n",
                    (long long)type->nowhere, (long long)type->tasks, catalog->type[t].name,
                    type->example, (unsigned long long)type->example_seed, type->example_reach);
    }
}

static void find_warnings(struct checked *c)
{
    bool contends = false;

    for (int i = 0; i < SURVEY_TRIALS; i++)
        contends |= c->survey->trial[i].waited_share > 0;
    warn_nowhere(c);
    warn_loads(c);
    if (!contends)
        text_add(c->warnings, "nothing ever contends: no task waited under any simple policy, so "
                              "a comparison would be empty\n");
}

/* Text */

static void add_amounts(struct text *out, const struct catalog *catalog, const struct allocation *a)
{
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, "%s%d", r > 0 ? "/" : "", a->amount[r]);
}

static void cell_amounts(struct table *table, const struct catalog *catalog,
                         const struct allocation *a)
{
    struct text text;

    text_init(&text, 0);
    add_amounts(&text, catalog, a);
    table_cell(table, MOOD_PLAIN, "%s", text.bytes);
    text_release(&text);
}

static void print_types(const struct checked *c, const struct table_style *style, struct text *out)
{
    const struct catalog *catalog = &c->scenario->catalog;
    double tasks = c->survey->tasks * c->survey->seeds;
    struct table table;

    table_init(&table);
    table_column(&table, "TYPE", TABLE_LEFT, 0);
    table_column(&table, "SHARE", TABLE_RIGHT, 0);
    table_column(&table, "MIN", TABLE_RIGHT, 0);
    table_column(&table, "TIME", TABLE_RIGHT, 0);
    table_column(&table, "THRIFTY", TABLE_RIGHT, 0);
    table_column(&table, "TIME", TABLE_RIGHT, 0);
    table_column(&table, "FASTEST", TABLE_RIGHT, 0);
    table_column(&table, "TIME", TABLE_RIGHT, 0);
    for (int t = 0; t < catalog->types; t++) {
        const struct type_survey *type = &c->survey->type[t];

        table_cell(&table, MOOD_STRONG, "%s", catalog->type[t].name);
        table_cell(&table, MOOD_PLAIN, "%.1f %%",
                   tasks > 0 ? 100 * (double)type->tasks / tasks : 0);
        cell_amounts(&table, catalog, &catalog->type[t].min);
        table_figure_cell(&table, MOOD_PLAIN, in_units(c->scenario, type->seconds_min));
        cell_amounts(&table, catalog, &type->thrifty);
        table_figure_cell(&table, MOOD_PLAIN, in_units(c->scenario, type->seconds_thrifty));
        cell_amounts(&table, catalog, &type->best);
        table_figure_cell(&table, MOOD_PLAIN, in_units(c->scenario, type->seconds_best));
    }
    table_print(&table, style, out);
    table_release(&table);
}

static void add_load_row(struct table *table, const struct checked *c, const char *name,
                         const struct allocation *capacity, double tasks, const struct load *load)
{
    const struct catalog *catalog = &c->scenario->catalog;
    double unit = c->survey->arrival_s > 0 ? 1 : c->scenario->catalog.time_unit_s;

    table_cell(table, MOOD_STRONG, "%s", name);
    cell_amounts(table, catalog, capacity);
    table_figure_cell(table, MOOD_PLAIN, tasks);
    for (int r = 0; r < catalog->resources; r++) {
        table_figure_cell(table, MOOD_PLAIN, load->minimum[r] / unit);
        table_figure_cell(table, MOOD_PLAIN, load->thrifty[r] / unit);
    }
}

struct ranked {
    int cluster;
    double load;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;

    if (left->load != right->load)
        return left->load > right->load ? -1 : 1;
    return left->cluster - right->cluster;
}

/* All clusters, or the heaviest of many. */
static int add_cluster_rows(struct table *table, const struct checked *c)
{
    const struct catalog *catalog = &c->scenario->catalog;
    struct ranked *rank = xcalloc((size_t)catalog->clusters, sizeof *rank);
    int shown = catalog->clusters;

    for (int i = 0; i < catalog->clusters; i++)
        rank[i] = (struct ranked){i, heaviest(catalog, &c->survey->cluster[i].load)};
    if (shown > CLUSTERS_SHOWN) {
        qsort(rank, (size_t)catalog->clusters, sizeof *rank, compare_ranked);
        shown = CLUSTERS_SHOWN;
    }
    for (int i = 0; i < shown; i++) {
        const struct cluster_survey *at = &c->survey->cluster[rank[i].cluster];
        const struct cluster_info *info = &catalog->cluster[rank[i].cluster];

        add_load_row(table, c, info->name, &info->capacity, at->tasks, &at->load);
    }
    free(rank);
    return catalog->clusters - shown;
}

static void print_clusters(const struct checked *c, const struct table_style *style,
                           struct text *out)
{
    const struct catalog *catalog = &c->scenario->catalog;
    struct table table;
    int hidden;

    table_init(&table);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "CAPACITY", TABLE_RIGHT, 0);
    table_column(&table, "TASKS", TABLE_RIGHT, 0);
    for (int r = 0; r < catalog->resources; r++) {
        struct text heading;

        text_init(&heading, 0);
        text_printf(&heading, "%s:MIN", catalog->resource[r].name);
        table_column(&table, heading.bytes, TABLE_RIGHT, 0);
        text_reset(&heading);
        text_printf(&heading, "%s:THRIFTY", catalog->resource[r].name);
        table_column(&table, heading.bytes, TABLE_RIGHT, 0);
        text_release(&heading);
    }
    hidden = add_cluster_rows(&table, c);
    add_load_row(&table, c, "all", &catalog->total, c->survey->tasks, &c->survey->load);
    table_print(&table, style, out);
    if (hidden > 0)
        text_printf(out, "(the heaviest; %d more in --json)\n", hidden);
    table_release(&table);
}

static void print_head(const struct checked *c, struct text *out)
{
    const struct scenario *s = c->scenario;
    const struct catalog *catalog = &s->catalog;

    text_printf(out, "%s is valid%s%s\n\n", s->name, *s->summary ? ": " : "", s->summary);
    text_printf(out, "%d cluster%s, %d type%s, ", catalog->clusters,
                catalog->clusters == 1 ? "" : "s", catalog->types, catalog->types == 1 ? "" : "s");
    if (catalog->slot_s > 0)
        text_printf(out, "slots of %g s", catalog->slot_s);
    else
        text_add(out, "continuous time");
    text_printf(out, "; resources");
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, "%s %s%s%s%s", r > 0 ? "," : "", catalog->resource[r].name,
                    *catalog->resource[r].unit ? " (" : "", catalog->resource[r].unit,
                    *catalog->resource[r].unit ? ")" : "");
    text_printf(out, "\n");
    table_figure(out, c->survey->tasks);
    text_add(out, " tasks an episode");
    if (c->survey->arrival_s > 0) {
        text_add(out, " arrive over ");
        table_figure(out, in_units(s, c->survey->arrival_s));
        text_printf(out, " %s", time_word(s));
    } else {
        text_add(out, " arrive at once");
    }
    text_printf(out, " (%d seeds)\n\n", c->survey->seeds);
}

static void print_trials(const struct checked *c, struct text *out)
{
    text_add(out, "\nContention in a trial\n");
    for (int i = 0; i < SURVEY_TRIALS; i++) {
        const struct trial *trial = &c->survey->trial[i];

        text_printf(out, "  %-9s something waits %.1f %% of the time; %.1f %% of the tasks wait, ",
                    trial->policy, 100 * trial->busy_share, 100 * trial->waited_share);
        table_figure(out, trial->mean_wait);
        text_printf(out, " %s on average\n", time_word(c->scenario));
    }
}

void survey_warnings(const struct survey *survey, const struct scenario *scenario, struct text *out)
{
    struct checked checked = {scenario, survey, out};

    find_warnings(&checked);
}

void survey_print(const struct survey *survey, const struct scenario *scenario,
                  const struct table_style *style, struct text *out)
{
    struct checked checked = {scenario, survey, NULL};
    const struct checked *c = &checked;

    print_head(c, out);
    text_printf(out, "Types alone, without noise, on the largest cluster; time in %s\n",
                time_word(c->scenario));
    print_types(c, style, out);
    if (c->survey->arrival_s > 0)
        text_add(out, "\nOffered load (1: as much arrives as there is capacity), if every task has "
                      "its minimum,\nand if it has the thrifty allocation, the least share of the "
                      "cluster times time\n");
    else
        text_printf(out,
                    "\nWork, in %s of full use, if every task has its minimum or the thrifty "
                    "allocation\n",
                    time_word(c->scenario));
    print_clusters(c, style, out);
    print_trials(c, out);
}
