/* SPDX-License-Identifier: Apache-2.0 */
#include "report/prediction_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/vector.h"
#include "report/csv_reader.h"
#include "report/folder.h"
#include "report/page.h"
#include "report/prediction.h"
#include "report/table.h"

/* Columns of the file: what the first ones are; the others are policies. */
enum { COLUMN_TASK, COLUMN_TYPE, COLUMN_ARRIVAL, COLUMN_REAL, COLUMN_POLICIES };

enum { TASK_ROWS = 1000 };

struct sums {
    double real_s, predicted_s, off_s;
    int count;
};

struct against {
    struct csv_reader csv;
    struct sums *sums; /* by column */
    struct table tasks;
    int rows;
};

static int take_row(struct against *a, struct err *err)
{
    double real_s;
    int rc = csv_reader_real(&a->csv, COLUMN_REAL, &real_s, err);
    bool shown = a->rows++ < TASK_ROWS;

    if (shown) {
        table_cell(&a->tasks, MOOD_PLAIN, "%s", a->csv.field.item[COLUMN_TASK]);
        table_cell(&a->tasks, MOOD_PLAIN, "%s", a->csv.field.item[COLUMN_TYPE]);
        table_figure_cell(&a->tasks, MOOD_PLAIN, real_s);
    }
    for (int c = COLUMN_POLICIES; rc == 0 && c < (int)a->csv.name.count; c++) {
        double predicted_s;

        rc = csv_reader_real(&a->csv, c, &predicted_s, err);
        if (rc == 0 && shown)
            table_figure_cell(&a->tasks, MOOD_PLAIN, predicted_s);
        if (rc || !isfinite(real_s) || !isfinite(predicted_s))
            continue;
        a->sums[c].real_s += real_s;
        a->sums[c].predicted_s += predicted_s;
        a->sums[c].off_s += fabs(predicted_s - real_s);
        a->sums[c].count++;
    }
    return rc;
}

static void add_summary(struct page *page, const struct against *a)
{
    struct table table;

    table_init(&table);
    table_column(&table, "POLICY", TABLE_LEFT, 0);
    table_column(&table, "TASKS", TABLE_RIGHT, 0);
    table_column(&table, "PREDICTED s", TABLE_RIGHT, 0);
    table_column(&table, "REAL s", TABLE_RIGHT, 0);
    table_column(&table, "DIFF %", TABLE_RIGHT, 0);
    table_column(&table, "PER TASK s", TABLE_RIGHT, 0);
    for (int c = COLUMN_POLICIES; c < (int)a->csv.name.count; c++) {
        const struct sums *sums = &a->sums[c];

        table_cell(&table, MOOD_PLAIN, "%s", a->csv.name.item[c]);
        table_cell(&table, MOOD_PLAIN, "%d", sums->count);
        table_figure_cell(&table, MOOD_PLAIN, sums->predicted_s / sums->count);
        table_figure_cell(&table, MOOD_PLAIN, sums->real_s / sums->count);
        table_cell(&table, MOOD_PLAIN, "%+.1f", 100 * (sums->predicted_s / sums->real_s - 1));
        table_figure_cell(&table, MOOD_PLAIN, sums->off_s / sums->count);
    }
    page_table(page,
               "Mean completion time in the simulation and in the log, over the tasks that "
               "finished in both, and how far a single task is off in the mean",
               &table);
    table_release(&table);
}

int prediction_page_add(struct page *page, const char *folder, struct err *err)
{
    char *path = folder_join(folder, PREDICTION_FILE);
    struct against a = {.rows = 0};
    int rc = 0;

    if (access(path, F_OK) != 0)
        goto out;
    rc = csv_reader_open(&a.csv, path, err);
    if (rc)
        goto out;
    a.sums = xcalloc(a.csv.name.count, sizeof *a.sums);
    table_init(&a.tasks);
    table_column(&a.tasks, "TASK", TABLE_RIGHT, 0);
    table_column(&a.tasks, "TYPE", TABLE_LEFT, 0);
    table_column(&a.tasks, "REAL s", TABLE_RIGHT, 0);
    for (int c = COLUMN_POLICIES; c < (int)a.csv.name.count; c++)
        table_column(&a.tasks, a.csv.name.item[c], TABLE_RIGHT, 0);
    while (rc == 0 && (rc = csv_reader_next(&a.csv, err)) > 0)
        rc = take_row(&a, err);
    if (rc == 0) {
        page_section(page, "real", "Against what really happened");
        add_summary(page, &a);
        page_table(page,
                   a.rows > TASK_ROWS ? "Completion time of each task (the first 1,000), in seconds"
                                      : "Completion time of each task, in seconds",
                   &a.tasks);
    }
    table_release(&a.tasks);
    free(a.sums);
out:
    csv_reader_close(&a.csv);
    free(path);
    return rc;
}
