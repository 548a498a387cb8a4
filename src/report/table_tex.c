/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table_tex.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/table.h"

static const char *command_of(char c)
{
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    default:
        return NULL;
    }
}

/* Characters that mean something to LaTeX, and the plus-minus sign, which wants to be mathematics.
 */
static void add_escaped(struct text *out, const char *text)
{
    static const char plus_minus[] = "±";

    while (*text) {
        if (strncmp(text, plus_minus, sizeof plus_minus - 1) == 0) {
            text_add(out, "$\\pm$");
            text += sizeof plus_minus - 1;
            continue;
        }
        if (command_of(*text))
            text_add(out, command_of(*text));
        else if (strchr("#$%&_{}", *text))
            text_printf(out, "\\%c", *text);
        else
            text_add_char(out, *text);
        text++;
    }
}

/* A minus sign is longer than a hyphen. */
static void add_cell(struct text *out, const char *text)
{
    if (text[0] == '-' && text[1] >= '0' && text[1] <= '9') {
        text_add(out, "$-$");
        text++;
    }
    add_escaped(out, text);
}

void table_tex(const struct table *table, const char *caption, struct text *out)
{
    size_t columns = table->columns.count;

    BUG_ON(columns == 0 && table->cells.count > 0);
    for (const char *at = caption; at && *at;) {
        int length = (int)strcspn(at, "\n");

        if (length > 0)
            text_printf(out, "%% %.*s\n", length, at);
        at += length + (at[length] == '\n');
    }
    text_add(out, "\\begin{tabular}{");
    for (size_t c = 0; c < columns; c++)
        text_add_char(out, table->columns.item[c].side == TABLE_RIGHT ? 'r' : 'l');
    text_add(out, "}\n\\toprule\n");
    for (size_t c = 0; c < columns; c++) {
        text_add(out, c > 0 ? " & " : "");
        add_escaped(out, table->columns.item[c].heading);
    }
    text_add(out, " \\\\\n\\midrule\n");
    for (size_t i = 0; i < table->cells.count; i++) {
        text_add(out, i % columns > 0 ? " & " : "");
        add_cell(out, table->cells.item[i].text);
        if (i % columns == columns - 1)
            text_add(out, " \\\\\n");
    }
    text_add(out, "\\bottomrule\n\\end{tabular}\n");
}
