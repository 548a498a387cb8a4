/* SPDX-License-Identifier: Apache-2.0 */
/* docs/traces.md: the formats that can be imported, from their tables. */
#include "cli/import_print.h"
#include "cli/manual.h"

#include "base/option.h"
#include "base/text.h"
#include "trace/format.h"

static void add_options(const struct trace_format *format, struct text *out)
{
    if (!format->options)
        return;
    text_add(out, "| option | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const struct option_spec *row = format->options; row->name; row++) {
        struct text what;

        text_init(&what, 0);
        option_describe(row, &what);
        text_printf(out, "| `%s.%s` | %s | %s%s%s | %s |\n", format->name, row->name, what.bytes,
                    row->initial ? "`" : "", row->initial ? row->initial : "",
                    row->initial ? "`" : "", row->help);
        text_release(&what);
    }
    text_add_char(out, '\n');
}

static void add_format(const struct trace_format *format, struct text *out)
{
    text_printf(out, "## %s\n\nGives %s: %s.\n\nFiles: %s.\n\n", format->name,
                import_gives(format->gives), format->summary, format->files);
    if (format->home)
        text_printf(out, "Usual place below `--data`: `%s`. ", format->home);
    text_printf(out, "Before you trust it: %s.\n\n", format->quality);
    add_options(format, out);
}

static void add_words(const struct trace_words *words, int count, struct text *out)
{
    text_add(out, "| in JSON | meaning |\n| --- | --- |\n");
    for (int i = 0; i < count; i++)
        text_printf(out, "| `%s` | %s |\n", words[i].key, words[i].words);
    text_add_char(out, '\n');
}

void manual_traces(struct text *out)
{
    text_add(
        out,
        "# Traces and profiles\n\n"
        "<!-- Made from the tables in the source by \"make docs\"; changes here are lost. -->\n\n"
        "`tapfinger import` reads these formats, compressed (gzip, zstd) and archived (tar) or "
        "not, and writes a scenario with its arrivals beside it; `tapfinger fit` fits speed models "
        "to any that gives types. [commands.md](commands.md) has all their options; those of a "
        "format are set by `--option FORMAT.KEY=VALUE`. The published sets are not part of this "
        "project: say where they lie by a path, `--data` or `TAPFINGER_DATA`.\n\n"
        "A job whose type is measured gets the work that takes its recorded duration under its "
        "recorded demand; one without runs for its duration under exactly its demand. Times count "
        "from the first arrival. Offered load is what the jobs hold, in units times seconds, over "
        "capacity times the time in which they arrive. Between measured amounts speeds are "
        "interpolated monotonically (`--between`), beyond them the edge counts or the row is "
        "dropped (`--beyond`); what differs between runs of one configuration becomes the type's "
        "noise.\n\n"
        "A combination of sources:\n\n"
        "```sh\n"
        "tapfinger import --arrivals microsoft:cluster10 --types tapfinger,elasticflow \\\n"
        "    --cpu-sensitivity synergy --sites eua:12 --capacity cpu=32,gpu=8 --load 0.8 -o "
        "city.yaml\n"
        "```\n\n");
    text_add(
        out,
        "A mapping for a table of your own (`--option csv.mapping=columns.yaml`); a plain word in "
        "place of a map is the column, units are s, ms, us, min, h, d or date:\n\n```yaml\n"
        "separator: \",\"                         # tab, space, or any character\n"
        "header: true                           # false: columns go by number, from 1\n"
        "time: {column: submitted, unit: ms}\n"
        "duration: runtime                      # or end: ..., less start: ... or the time\n"
        "type: model\n"
        "demand: {cpu: {column: milli_cores, scale: 0.001}, gpu: num_gpu}\n"
        "units: {cpu: cores, gpu: GPUs}\n"
        "keep: {column: status, values: [Pass]} # other rows never ran\n"
        "limits: rigid                          # at-most, free\n"
        "```\n\n");
    for (int i = 0; trace_formats[i]; i++)
        add_format(trace_formats[i], out);
    text_add(out,
             "## Rows that are dropped\n\nEvery row is kept, or dropped and counted under one of "
             "these:\n\n");
    add_words(trace_drop_words, TRACE_DROPS, out);
    text_add(out, "## Rows that are kept, but noted\n\n");
    add_words(trace_note_words, TRACE_NOTES, out);
}
