/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "report/table.h"

static void print_names(const struct table *table, struct text *out)
{
    for (size_t i = 0; i < table->cells.count; i += table->columns.count)
        text_printf(out, "%s\n", table->cells.item[i].text);
}

static int find_column(const struct table *table, const char *name, size_t length)
{
    for (size_t i = 0; i < table->columns.count; i++)
        if (strlen(table->columns.item[i].heading) == length &&
            strncasecmp(table->columns.item[i].heading, name, length) == 0)
            return (int)i;
    fprintf(stderr, "no column \"%.*s\"; there are", (int)length, name);
    for (size_t i = 0; i < table->columns.count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", table->columns.item[i].heading);
    fprintf(stderr, "\n");
    return -1;
}

struct row {
    const char *key;
    size_t at; /* of its first cell */
};

/* Figures by size ("10%" after "9%"), before anything else by letters. */
static int by_key(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    char *x_end, *y_end;
    double x_value = strtod(x->key, &x_end), y_value = strtod(y->key, &y_end);
    bool x_number = x_end != x->key, y_number = y_end != y->key;
    int order = strcmp(x->key, y->key);

    if (x_number != y_number)
        return x_number ? -1 : 1;
    if (x_number && x_value != y_value)
        return x_value < y_value ? -1 : 1;
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* The same table in another order of rows. */
static void sort_rows(const struct table *table, int column, bool down, struct table *out)
{
    size_t width = table->columns.count, rows = table->cells.count / width;
    struct row *row = xcalloc(rows + 1, sizeof *row);

    for (size_t i = 0; i < rows; i++)
        row[i] = (struct row){table->cells.item[i * width + (size_t)column].text, i * width};
    qsort(row, rows, sizeof *row, by_key);
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < width; c++) {
            const struct table_cell *cell = &table->cells.item[row[down ? rows - 1 - i : i].at + c];

            table_cell(out, cell->mood, "%s", cell->text);
        }
    free(row);
}

static void copy_columns(const struct table *table, struct table *out)
{
    for (size_t i = 0; i < table->columns.count; i++)
        table_column(out, table->columns.item[i].heading, table->columns.item[i].side,
                     table->columns.item[i].rank);
}

/* Only the columns that are named, in that order. */
static void choose_columns(const struct table *table, const char *names, struct table *out)
{
    size_t width = table->columns.count;
    VECTOR(int) chosen = {0};

    for (; *names; names += *names == ',') {
        size_t length = strcspn(names, ",");
        int column = find_column(table, names, length);

        if (column >= 0)
            vector_push(&chosen, column);
        names += length;
    }
    for (size_t i = 0; i < chosen.count; i++)
        table_column(out, table->columns.item[chosen.item[i]].heading,
                     table->columns.item[chosen.item[i]].side, 0);
    for (size_t at = 0; at < table->cells.count; at += width)
        for (size_t i = 0; i < chosen.count; i++) {
            const struct table_cell *cell = &table->cells.item[at + (size_t)chosen.item[i]];

            table_cell(out, cell->mood, "%s", cell->text);
        }
    vector_release(&chosen);
}

static void print(const struct arguments *args, const struct table *table, struct text *out)
{
    struct table_style style = {
        .width = LISTING_WIDTH,
        .no_header = arguments_flag(args, "no-header"),
        .colour = arguments_want_colour(args, 1),
        .tabs = arguments_flag(args, "plain"),
    };
    const char *names = arguments_string(args, "columns");
    struct table chosen;

    if (arguments_flag(args, "quiet")) {
        print_names(table, out);
        return;
    }
    table_init(&chosen);
    if (names)
        choose_columns(table, names, &chosen);
    if (!names || chosen.columns.count)
        table_print(names ? &chosen : table, &style, out);
    table_release(&chosen);
}

void listing_print(const struct arguments *args, const struct table *table, struct text *out)
{
    const char *key = arguments_string(args, "sort");
    bool down = key && *key == '-';
    struct table sorted;
    int column;

    if (!key || !table->columns.count) {
        print(args, table, out);
        return;
    }
    table_init(&sorted);
    column = find_column(table, key + down, strlen(key + down));
    copy_columns(table, &sorted);
    if (column >= 0)
        sort_rows(table, column, down, &sorted);
    print(args, column >= 0 ? &sorted : table, out);
    table_release(&sorted);
}

void listing_show(const struct arguments *args, const struct table *table)
{
    struct text out;

    text_init(&out, 0);
    listing_print(args, table, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
}
