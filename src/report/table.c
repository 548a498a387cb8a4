/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Widths are counted in characters, not bytes (names may be any UTF-8). When a table is too wide, a
 * text in the last column is broken into lines, long names are cut to NAME_WIDTH, the gaps shrink,
 * and at last columns go by rank.
 */
#include "report/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { NAME_WIDTH = 24, LEAST_TEXT = 20 };

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

struct layout {
    int *width; /* by column; 0: left out */
    int gap;
};

static int total_width(const struct layout *layout, size_t columns)
{
    int total = -layout->gap;

    for (size_t i = 0; i < columns; i++)
        total += layout->width[i] > 0 ? layout->width[i] + layout->gap : 0;
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

/* Leaves a text in the last column what room there is, but not less than LEAST_TEXT. */
static void narrow_last(const struct table *table, int *width, int too_much)
{
    size_t last = table->columns.count - 1;
    int room = width[last] - too_much;

    if (table->columns.item[last].side == TABLE_LEFT && width[last] > LEAST_TEXT)
        width[last] = room > LEAST_TEXT ? room : LEAST_TEXT;
}

static void cut_names(const struct table *table, int *width)
{
    for (size_t i = 0; i + 1 < table->columns.count; i++)
        if (table->columns.item[i].side == TABLE_LEFT && width[i] > NAME_WIDTH)
            width[i] = NAME_WIDTH;
}

/* Returns how many columns are left out. */
static int lay_out(const struct table *table, const struct table_style *style,
                   struct layout *layout)
{
    size_t columns = table->columns.count;
    int left_out = 0, victim, too_much;

    for (size_t i = 0; i < columns; i++)
        layout->width[i] = column_width(table, i, !style->no_header);
    too_much = total_width(layout, columns) - style->width;
    if (style->width == 0 || too_much <= 0)
        return 0;
    narrow_last(table, layout->width, too_much);
    if (total_width(layout, columns) > style->width)
        cut_names(table, layout->width);
    if (total_width(layout, columns) > style->width)
        layout->gap = 1;
    while (total_width(layout, columns) > style->width &&
           (victim = least_wanted(table, layout->width)) >= 0) {
        layout->width[victim] = 0;
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

static void add_mood(struct text *out, enum mood mood, bool colour)
{
    static const char *const code[] = {"", "\033[32m", "\033[31m", "\033[2m", "\033[1m"};

    if (colour)
        text_add(out, code[mood]);
}

static void add_cell(struct text *out, const char *text, enum mood mood, int width,
                     enum table_side side, bool colour)
{
    int room = width - count_characters(text);

    if (side == TABLE_RIGHT && room > 0)
        text_printf(out, "%*s", room, "");
    add_mood(out, mood, colour);
    add_cut(out, text, width);
    if (colour && mood != MOOD_PLAIN)
        text_add(out, "\033[0m");
    if (side == TABLE_LEFT && room > 0)
        text_printf(out, "%*s", room, "");
}

/* Words in lines of at most width; the first line begins where the text stands. */
static void add_lines(struct text *out, const char *words, int width, int indent)
{
    int column = 0;

    while (*words) {
        size_t length = strcspn(words, " ");
        char *word = xstrndup(words, length);
        int own = count_characters(word);

        if (column > 0 && column + 1 + own > width) {
            text_printf(out, "\n%*s", indent, "");
            column = 0;
        }
        text_printf(out, "%s%s", column > 0 ? " " : "", word);
        column += own + (column > 0);
        words += length;
        words += strspn(words, " ");
        free(word);
    }
}

static void trim_end(struct text *out)
{
    while (out->length > 0 && out->bytes[out->length - 1] == ' ')
        out->bytes[--out->length] = '\0';
}

static void print_row(const struct table *table, const struct table_style *style,
                      const struct layout *layout, size_t row, struct text *out)
{
    size_t columns = table->columns.count;
    int at = 0;

    for (size_t i = 0; i < columns; i++) {
        const struct table_column *column = &table->columns.item[i];
        const struct table_cell *cell =
            row == 0 ? NULL : &table->cells.item[(row - 1) * columns + i];
        const char *text = cell ? cell->text : column->heading;

        if (layout->width[i] == 0)
            continue;
        if (i + 1 == columns && column->side == TABLE_LEFT)
            add_lines(out, text, layout->width[i], at);
        else
            add_cell(out, text, cell ? cell->mood : MOOD_FAINT, layout->width[i], column->side,
                     style->colour);
        text_printf(out, "%*s", layout->gap, "");
        at += layout->width[i] + layout->gap;
    }
    trim_end(out);
    text_add_char(out, '\n');
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
    struct layout layout = {.gap = 2};
    int left_out;

    BUG_ON(table->cells.count % columns != 0);
    if (style->tabs) {
        print_tabs(table, !style->no_header, out);
        return 0;
    }
    layout.width = xcalloc(columns, sizeof *layout.width);
    left_out = lay_out(table, style, &layout);
    for (size_t row = style->no_header ? 1 : 0; row <= rows; row++)
        print_row(table, style, &layout, row, out);
    free(layout.width);
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

void table_figure_cell(struct table *table, enum mood mood, double value)
{
    if (isfinite(value))
        table_cell(table, mood, "%.*f", table_decimals(value), value);
    else
        table_cell(table, MOOD_FAINT, "-");
}
