/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "core/policy.h"
#include "report/command_line.h"
#include "report/folder.h"
#include "report/gantt_page.h"
#include "report/page.h"
#include "report/prediction_page.h"
#include "report/result_table.h"
#include "report/run_charts.h"
#include "report/run_digest.h"
#include "report/run_read.h"
#include "report/table.h"

static const char *const scripts[] = {
    "page.js", "chart.js", "gantt_data.js", "gantt_view.js", "gantt_tasks.js", "gantt.js", NULL};
static const char *const styles[] = {"page.css", "chart.css", "gantt.css", NULL};

enum { CONFIG_BYTES = 1 << 22 };

struct writer {
    struct page page;
    const struct run_digest *digest;
    const struct run_record *run;
    const struct result *result;
    const struct run_charts *charts;
    const char *unit;
};

static void add_chart(struct writer *w, enum run_chart chart)
{
    page_chart(&w->page, &w->charts->plot[chart], w->charts->caption[chart]);
}

/* Results */

static void add_notes(struct writer *w)
{
    const char *why = NULL;
    struct text refused;

    if (!w->run->is_finished)
        page_paragraph(&w->page, "note",
                       "This run did not finish: what is shown is of the episodes that did.");
    if (result_is_empty(w->result, &why))
        page_paragraph(&w->page, "note", "Mind: %s.", why);
    text_init(&refused, 0);
    result_table_notes(w->result, &refused);
    if (refused.length > 0)
        page_folded(&w->page, "Refused parts of plans", refused.bytes);
    text_release(&refused);
}

static void add_result(struct writer *w)
{
    struct table table;
    struct text title;

    page_section(&w->page, "result", "Result");
    table_init(&table);
    BUG_ON(result_table_fill(w->result, NULL, false, &table, NULL));
    text_init(&title, 0);
    result_table_title(w->result, &title);
    while (title.length > 0 && title.bytes[title.length - 1] == '\n')
        title.bytes[--title.length] = '\0';
    page_table(&w->page, title.bytes, &table);
    text_release(&title);
    table_release(&table);
    page_paragraph(&w->page, "legend",
                   "DIFF is the paired difference of the mean to %s; green or red where its 95 %% "
                   "interval leaves no doubt about the sign. INFO says what a policy was shown: I0 "
                   "no speeds and no progress, I1 progress, I2 a model of the speeds, I3 the true "
                   "speeds.",
                   w->result->entrant[0].name);
    add_notes(w);
    add_chart(w, CHART_COMPARISON);
}

/* Tables by type and by cluster */

static void add_figure(struct table *table, const struct estimate *e)
{
    int decimals = table_decimals(e->mean);

    if (e->count == 0 || !isfinite(e->mean))
        table_cell(table, MOOD_FAINT, "-");
    else if (isfinite(e->half))
        table_cell(table, MOOD_PLAIN, "%.*f ±%.*f", decimals, e->mean, decimals, e->half);
    else
        table_cell(table, MOOD_PLAIN, "%.*f", decimals, e->mean);
}

static void add_number(struct table *table, double value)
{
    if (isfinite(value))
        table_cell(table, MOOD_PLAIN, "%.*f", table_decimals(value), value);
    else
        table_cell(table, MOOD_FAINT, "-");
}

static void add_types(struct writer *w)
{
    struct table table;

    page_section(&w->page, "types", "By type");
    add_chart(w, CHART_TYPES);
    table_init(&table);
    table_column(&table, "TYPE", TABLE_LEFT, 0);
    table_column(&table, "POLICY", TABLE_LEFT, 0);
    table_column(&table, "TASKS", TABLE_RIGHT, 0);
    table_column(&table, "MEAN ±95%", TABLE_RIGHT, 0);
    table_column(&table, "SLOWDOWN", TABLE_RIGHT, 0);
    table_column(&table, "WAIT", TABLE_RIGHT, 0);
    for (int i = 0; i < w->digest->types; i++)
        for (int e = 0; e < w->result->entrants; e++) {
            const struct group_digest *group = &w->digest->entrant[e].type[i];

            table_cell(&table, MOOD_PLAIN, "%s", w->digest->type[i]);
            table_cell(&table, MOOD_PLAIN, "%s", w->result->entrant[e].name);
            add_number(&table, group->tasks.mean);
            add_figure(&table, &group->completion);
            add_figure(&table, &group->slowdown);
            add_figure(&table, &group->waiting);
        }
    page_table(&w->page, "Types: tasks per episode, mean completion time, slowdown, waiting",
               &table);
    table_release(&table);
}

static void add_cluster_row(struct writer *w, struct table *table, int cluster, int entrant)
{
    const struct cluster_digest *own = &w->digest->entrant[entrant].cluster[cluster];

    table_cell(table, MOOD_PLAIN, "%s", w->run->catalog.cluster[cluster].name);
    table_cell(table, MOOD_PLAIN, "%s", w->result->entrant[entrant].name);
    for (int r = 0; r < w->run->catalog.resources; r++)
        add_figure(table, &own->utilisation[r]);
    add_number(table, own->group.tasks.mean);
    add_figure(table, &own->group.completion);
    add_figure(table, &own->group.waiting);
}

static void add_clusters(struct writer *w)
{
    const struct catalog *catalog = &w->run->catalog;
    struct table table;

    page_section(&w->page, "clusters", "By cluster");
    add_chart(w, CHART_CLUSTERS);
    table_init(&table);
    table_column(&table, "CLUSTER", TABLE_LEFT, 0);
    table_column(&table, "POLICY", TABLE_LEFT, 0);
    for (int r = 0; r < catalog->resources; r++)
        table_column(&table, catalog->resource[r].name, TABLE_RIGHT, 0);
    table_column(&table, "TASKS", TABLE_RIGHT, 0);
    table_column(&table, "MEAN ±95%", TABLE_RIGHT, 0);
    table_column(&table, "WAIT", TABLE_RIGHT, 0);
    for (int c = 0; c < catalog->clusters; c++)
        for (int e = 0; e < w->result->entrants; e++)
            add_cluster_row(w, &table, c, e);
    page_table(&w->page,
               "Clusters: share of each resource in use, tasks per episode that ended there, their "
               "mean completion time and waiting",
               &table);
    table_release(&table);
}

/* The run itself */

static void add_command(struct writer *w)
{
    struct text line;

    text_init(&line, 0);
    command_line_print(w->run->command, w->run->argument, w->run->arguments, &line);
    page_fact(&w->page, "Command", line.bytes);
    text_release(&line);
}

static void add_configuration(struct writer *w)
{
    char *path = folder_join(w->run->path, "config.yaml");
    struct text config;

    text_init(&config, CONFIG_BYTES);
    if (text_read_file(&config, path, NULL) == 0)
        page_folded(&w->page, "Effective configuration (config.yaml)", config.bytes);
    else
        page_paragraph(&w->page, "note", "There is no config.yaml in this directory.");
    text_release(&config);
    free(path);
}

static void add_run(struct writer *w)
{
    struct text capacity;

    page_section(&w->page, "run", "The run");
    page_facts(&w->page);
    add_command(w);
    page_fact(&w->page, "Program", w->run->version);
    if (*w->run->commit)
        page_fact(&w->page, "Commit", w->run->commit);
    if (*w->run->config_sha256)
        page_fact(&w->page, "SHA-256 of the configuration", w->run->config_sha256);
    text_init(&capacity, 0);
    for (int r = 0; r < w->run->catalog.resources; r++)
        text_printf(&capacity, "%s%d %s%s%s", r > 0 ? ", " : "", w->run->catalog.total.amount[r],
                    w->run->catalog.resource[r].name, *w->run->catalog.resource[r].unit ? " " : "",
                    w->run->catalog.resource[r].unit);
    page_fact(&w->page, "Capacity of all clusters", capacity.bytes);
    text_release(&capacity);
    page_facts_end(&w->page);
    add_configuration(w);
}

static int add_all(struct writer *w, int seed_index, struct err *err)
{
    int rc;

    add_result(w);
    rc = prediction_page_add(&w->page, w->run->path, err);
    if (rc)
        return rc;
    page_section(&w->page, "distributions", "Distributions");
    add_chart(w, CHART_DISTRIBUTION);
    page_section(&w->page, "time", "Over time");
    add_chart(w, CHART_TIME);
    add_types(w);
    add_clusters(w);
    page_section(&w->page, "schedule", "Schedule");
    rc = gantt_page_add(&w->page, w->digest, seed_index, RUN_PAGE_STRETCHES, err);
    if (rc == 0)
        add_run(w);
    return rc;
}

int run_page_write(const char *path, const struct run_digest *digest,
                   const struct run_charts *charts, int seed_index, struct err *err)
{
    struct writer w = {
        .digest = digest,
        .run = digest->run,
        .result = &digest->run->result,
        .charts = charts,
        .unit = measure_unit_word(MEASURE_COMPLETION, &digest->run->catalog),
    };
    int rc;

    page_init(&w.page, w.result->scenario, *w.run->summary ? w.run->summary : NULL, scripts,
              styles);
    rc = add_all(&w, seed_index, err);
    if (rc == 0)
        rc = page_write(&w.page, path, err);
    page_release(&w.page);
    return rc;
}
