/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdio.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "report/table.h"

static void print_names(const struct table *table, struct text *out)
{
    for (size_t i = 0; i < table->cells.count; i += table->columns.count)
        text_printf(out, "%s\n", table->cells.item[i].text);
}

void listing_print(const struct arguments *args, const struct table *table, struct text *out)
{
    struct table_style style = {
        .width = LISTING_WIDTH,
        .no_header = arguments_flag(args, "no-header"),
        .colour = arguments_want_colour(args, 1),
        .tabs = arguments_flag(args, "plain"),
    };

    if (arguments_flag(args, "quiet"))
        print_names(table, out);
    else
        table_print(table, &style, out);
}

void listing_show(const struct arguments *args, const struct table *table)
{
    struct text out;

    text_init(&out, 0);
    listing_print(args, table, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
}
