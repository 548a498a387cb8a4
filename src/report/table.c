/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Widths are counted in characters, not bytes (names may be any UTF-8). Long texts in left-aligned
 * columns are cut to NAME_WIDTH when the table is too wide; if that does not do, columns go by
 * rank.
 */
#include "report/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { GAP = 2, NAME_WIDTH = 24 };

void table_init(struct table *table)
{
    *table = (struct table){0};
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->columns.count; i++)
        free(table->columns.item[i].heading);
    for (size_t i = 0; i < table->cells.count; i++)
        free(table->cells.item[i].text);
    vector_release(&table->columns);
    vector_release(&table->cells);
}

void table_column(struct table *table, const char *heading, enum table_side side, int rank)
{
    struct table_column column = {xstrdup(heading), side, rank};

    vector_push(&table->columns, column);
}

void table_cell(struct table *table, enum mood mood, const char *format, ...)
{
    struct table_cell cell = {.mood = mood};
    va_list args;

    va_start(args, format);
    BUG_ON(vasprintf(&cell.text, format, args) < 0);
    va_end(args);
    vector_push(&table->cells, cell);
}

static int count_characters(const char *text)
{
    int count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static int column_width(const struct table *table, size_t column, bool header)
{
    int width = header ? count_characters(table->columns.item[column].heading) : 0;

    for (size_t i = column; i < table->cells.count; i += table->columns.count) {
        int own = count_characters(table->cells.item[i].text);

        width = own > width ? own : width;
    }
    return width;
}

static int total_width(const int *width, size_t columns)
{
    int total = -GAP;

    for (size_t i = 0; i < columns; i++)
        total += width[i] > 0 ? width[i] + GAP : 0;
    return total;
}

/* The shown column of the highest rank, or -1 if all others must stay. */
static int least_wanted(const struct table *table, const int *width)
{
    int found = -1;

    for (size_t i = 0; i < table->columns.count; i++)
        if (width[i] > 0 && table->columns.item[i].rank > 0 &&
            (found < 0 || table->columns.item[i].rank > table->columns.item[found].rank))
            found = (int)i;
    return found;
}

/* Widths by column, 0 for those that are left out; returns how many are. */
static int lay_out(const struct table *table, const struct table_style *style, int *width)
{
    size_t columns = table->columns.count;
    int left_out = 0, victim;

    for (size_t i = 0; i < columns; i++)
        width[i] = column_width(table, i, !style->no_header);
    if (style->width == 0 || total_width(width, columns) <= style->width)
        return 0;
    for (size_t i = 0; i < columns; i++)
        if (table->columns.item[i].side == TABLE_LEFT && width[i] > NAME_WIDTH && i + 1 < columns)
            width[i] = NAME_WIDTH;
    while (total_width(width, columns) > style->width &&
           (victim = least_wanted(table, width)) >= 0) {
        width[victim] = 0;
        left_out++;
    }
    return left_out;
}

/* At most so many characters, the last one a mark if there were more. */
static void add_cut(struct text *out, const char *text, int width)
{
    bool cut = count_characters(text) > width;
    int shown = 0;

    for (; *text; text++) {
        bool begins = ((unsigned char)*text & 0xC0) != 0x80;

        if (begins && shown == width - cut)
            break;
        shown += begins;
        text_add_char(out, *text);
    }
    if (cut)
        text_add(out, "~");
}

static void add_cell(struct text *out, const char *text, enum mood mood, int width,
                     enum table_side side, bool last, bool colour)
{
    static const char *const code[] = {"", "\033[32m", "\033[31m", "\033[2m", "\033[1m"};
    int room = width - count_characters(text);

    if (side == TABLE_RIGHT && room > 0)
        text_printf(out, "%*s", room, "");
    if (colour)
        text_add(out, code[mood]);
    add_cut(out, text, width);
    if (colour && mood != MOOD_PLAIN)
        text_add(out, "\033[0m");
    if (last)
        text_add_char(out, '\n');
    else
        text_printf(out, "%*s", GAP + (side == TABLE_LEFT && room > 0 ? room : 0), "");
}

static void print_row(const struct table *table, const struct table_style *style, const int *width,
                      size_t row, struct text *out)
{
    size_t columns = table->columns.count, last = columns - 1;

    while (last > 0 && width[last] == 0)
        last--;
    for (size_t i = 0; i <= last; i++) {
        const struct table_column *column = &table->columns.item[i];
        bool heading = row == 0;
        const struct table_cell *cell =
            heading ? NULL : &table->cells.item[(row - 1) * columns + i];

        if (width[i] > 0)
            add_cell(out, heading ? column->heading : cell->text, heading ? MOOD_FAINT : cell->mood,
                     width[i], column->side, i == last, style->colour);
    }
}

static void print_tabs(const struct table *table, bool header, struct text *out)
{
    size_t columns = table->columns.count;

    for (size_t i = 0; header && i < columns; i++)
        text_printf(out, "%s%c", table->columns.item[i].heading, i + 1 < columns ? '\t' : '\n');
    for (size_t i = 0; i < table->cells.count; i++)
        text_printf(out, "%s%c", table->cells.item[i].text, (i + 1) % columns ? '\t' : '\n');
}

int table_print(const struct table *table, const struct table_style *style, struct text *out)
{
    size_t columns = table->columns.count, rows = table->cells.count / columns;
    int *width, left_out;

    BUG_ON(table->cells.count % columns != 0);
    if (style->tabs) {
        print_tabs(table, !style->no_header, out);
        return 0;
    }
    width = xcalloc(columns, sizeof *width);
    left_out = lay_out(table, style, width);
    for (size_t row = style->no_header ? 1 : 0; row <= rows; row++)
        print_row(table, style, width, row, out);
    free(width);
    return left_out;
}

int table_decimals(double value)
{
    double size = fabs(value);

    if (size < 0.9995 && size > 0)
        return size < 0.0995 ? 4 : 3;
    return size < 99.995 ? 2 : size < 999.95 ? 1 : 0;
}

void table_figure(struct text *out, double value)
{
    if (isfinite(value))
        text_printf(out, "%.*f", table_decimals(value), value);
    else
        text_add(out, "-");
}
