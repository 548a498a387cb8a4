/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger scenarios: what ships. Each is read, so a broken one shows as such. */
#include <stdio.h>
#include <stdlib.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/shipped.h"
#include "core/scenario.h"
#include "report/table.h"
#include "sim/arrivals.h"

struct entry {
    const struct shipped *shipped;
    struct scenario *scenario; /* NULL: could not be read */
    struct err err;
};

static void add_capacity(const struct catalog *catalog, struct text *out)
{
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, "%s%d %s", r > 0 ? " " : "", catalog->total.amount[r],
                    catalog->resource[r].name);
}

static void add_row(struct table *table, const struct entry *entry, bool all)
{
    const struct scenario *s = entry->scenario;
    struct text capacity;

    table_cell(table, MOOD_STRONG, "%s", entry->shipped->name);
    if (!s) {
        for (int i = 0; i < (all ? 4 : 2); i++)
            table_cell(table, MOOD_FAINT, "-");
        table_cell(table, MOOD_BAD, "%s", entry->err.message);
        return;
    }
    text_init(&capacity, 0);
    add_capacity(&s->catalog, &capacity);
    if (all)
        table_cell(table, MOOD_PLAIN, "%s", s->catalog.slot_s > 0 ? "slots" : "events");
    table_cell(table, MOOD_PLAIN, "%d", s->catalog.clusters);
    if (all)
        table_cell(table, MOOD_PLAIN, "%s", capacity.bytes);
    if (arrivals_fixed_count(s))
        table_cell(table, MOOD_PLAIN, "%lld", (long long)arrivals_fixed_count(s));
    else
        table_cell(table, MOOD_FAINT, "-");
    table_cell(table, MOOD_PLAIN, "%s", s->summary);
    text_release(&capacity);
}

/* Without all, what leaves the summaries room on a screen. */
static void fill_table(struct table *table, const struct entry *entry, int count, bool all)
{
    table_column(table, "SCENARIO", TABLE_LEFT, 0);
    if (all)
        table_column(table, "TIME", TABLE_LEFT, 0);
    table_column(table, "CLUSTERS", TABLE_RIGHT, 0);
    if (all)
        table_column(table, "CAPACITY", TABLE_LEFT, 0);
    table_column(table, "TASKS", TABLE_RIGHT, 0);
    table_column(table, "SUMMARY", TABLE_LEFT, 0);
    for (int i = 0; i < count; i++)
        add_row(table, &entry[i], all);
}

static void emit_entry(struct emit *e, const struct entry *entry)
{
    const struct scenario *s = entry->scenario;

    emit_open(e, '{');
    emit_key_string(e, "name", entry->shipped->name);
    emit_key_string(e, "path", entry->shipped->path);
    if (!s) {
        emit_key_string(e, "error", entry->err.message);
        emit_close(e);
        return;
    }
    emit_key_string(e, "summary", s->summary);
    emit_key_real(e, "slot_s", s->catalog.slot_s);
    emit_key_int(e, "clusters", s->catalog.clusters);
    emit_key_int(e, "types", s->catalog.types);
    emit_key(e, "capacity");
    emit_open(e, '{');
    for (int r = 0; r < s->catalog.resources; r++)
        emit_key_int(e, s->catalog.resource[r].name, s->catalog.total.amount[r]);
    emit_close(e);
    emit_key(e, "tasks");
    if (arrivals_fixed_count(s))
        emit_int(e, arrivals_fixed_count(s));
    else
        emit_null(e);
    emit_close(e);
}

static void print_json(const struct entry *entry, int count, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.scenarios/1");
    emit_key(&e, "scenarios");
    emit_open(&e, '[');
    for (int i = 0; i < count; i++)
        emit_entry(&e, &entry[i]);
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void print_entries(const struct arguments *args, const struct entry *entry, int count,
                          struct text *out)
{
    struct table table;

    if (arguments_want_json(args)) {
        print_json(entry, count, out);
        return;
    }
    table_init(&table);
    fill_table(&table, entry, count, arguments_flag(args, "plain"));
    listing_print(args, &table, out);
    table_release(&table);
}

/* One of them, or any file: bases merged, so that it can be changed and used as it is. */
static int show(const struct arguments *args, struct err *err)
{
    struct scenario *scenario = NULL;
    struct text out;
    struct emit e;
    char *path;
    int code = EXIT_FAILED;

    if (shipped_find(&path, arguments_string(args, "scenario"), err))
        return EXIT_MISUSED;
    text_init(&out, 0);
    if (scenario_load(&scenario, path, NULL, 0, err) == 0) {
        code = EXIT_DONE;
        emit_init(&e, &out);
        if (arguments_want_json(args)) {
            emit_open(&e, '{');
            emit_key_string(&e, "schema", "tapfinger.scenario/1");
            emit_key_string(&e, "name", scenario->name);
            emit_key_string(&e, "path", path);
            emit_key_string(&e, "summary", scenario->summary);
            emit_key_string(&e, "yaml", scenario->effective);
            emit_close(&e);
            text_add_char(&out, '\n');
        } else {
            text_printf(&out, "# %s\n%s", path, scenario->effective);
        }
    }
    fputs(out.bytes, stdout);
    text_release(&out);
    scenario_free(scenario);
    free(path);
    return code;
}

static int list_all(const struct arguments *args, struct err *err)
{
    struct shipped_list list;
    struct entry *entry;
    struct text out;
    int broken = 0;

    shipped_list_make(&list);
    entry = xcalloc((size_t)list.count, sizeof *entry);
    for (int i = 0; i < list.count; i++) {
        entry[i].shipped = &list.item[i];
        if (scenario_load(&entry[i].scenario, list.item[i].path, NULL, 0, &entry[i].err))
            broken++;
    }
    text_init(&out, 0);
    print_entries(args, entry, list.count, &out);
    fputs(out.bytes, stdout);
    text_release(&out);
    if (list.count == 0)
        fprintf(stderr, "tapfinger scenarios: none found; set TAPFINGER_SCENARIOS to a folder\n");
    for (int i = 0; i < list.count; i++)
        scenario_free(entry[i].scenario);
    free(entry);
    shipped_list_release(&list);
    if (broken)
        err_set(err, ERR_INVALID, "%d of them cannot be read", broken);
    return broken ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct arguments *args, struct err *err)
{
    return arguments_string(args, "scenario") ? show(args, err) : list_all(args, err);
}

static const struct example examples[] = {
    {"tapfinger scenarios", "what ships, by name"},
    {"tapfinger simulate paper/hetero-6 -p knee", "use one"},
    {"tapfinger scenarios hetero-6 > mine.yaml", "begin one of your own"},
    {0},
};

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, .choices = "SCENARIO", .flags = OPTION_POSITIONAL,
     .help = "print this one as YAML, the files that it extends merged in"},
    LIST_OPTION_ROWS,
    {0},
};

const struct command command_scenarios = {
    .name = "scenarios",
    .summary = "list the scenarios that ship, or print one",
    .description = "Scenarios are looked for in ./scenarios, in $TAPFINGER_SCENARIOS, and where "
                   "this program was built or installed. A name in this list stands for its file "
                   "wherever a command takes a scenario; its last part is enough where it is "
                   "clear.",
    .examples = examples,
    .options = options,
    .run = run,
};
