/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of docs/ that are made from tables; "make docs" writes them, a test holds them against the
 * tables. */
#include "cli/manual.h"

#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "core/estimator.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "policy/spec.h"

static const char *const made_from = "<!-- Made from the tables in the source by \"make docs\"; "
                                     "changes here are lost. -->\n\n";

/* Text in a cell of a table. */
static void add_cell(struct text *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '|')
            text_add_char(out, '\\');
        text_add_char(out, *words == '\n' ? ' ' : *words);
    }
}

static void add_row(const struct option_spec *row, const char *name, struct text *out)
{
    struct text what;

    text_init(&what, 0);
    option_describe(row, &what);
    text_add(out, "| `");
    add_cell(out, name);
    text_add(out, "` | ");
    add_cell(out, what.bytes);
    text_add(out, " | ");
    if (row->flags & OPTION_REQUIRED)
        text_add(out, "required");
    else if (row->initial && *row->initial)
        text_printf(out, "`%s`", row->initial);
    text_add(out, " | ");
    add_cell(out, row->help);
    text_add(out, " |\n");
    text_release(&what);
}

static void add_table(const struct option_spec *rows, struct text *out)
{
    text_add(out, "| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (; rows && rows->name; rows++)
        add_row(rows, rows->name, out);
    text_add_char(out, '\n');
}

static void add_sections(const struct option_section *section, const char *level, struct text *out)
{
    for (; section->path; section++) {
        text_printf(out, "%s %s\n\n%s\n\n", level, *section->path ? section->path : "(top level)",
                    section->help);
        add_table(section->options, out);
    }
}

/* Commands */

static void add_flags(const struct option_spec *rows, struct text *out)
{
    for (; rows->name; rows++) {
        struct text name, words;

        text_init(&name, 0);
        text_init(&words, 0);
        help_option_name(rows, &name);
        help_option_text(rows, &words);
        text_add(out, "| `");
        add_cell(out, name.bytes);
        text_add(out, "` | ");
        add_cell(out, words.bytes);
        text_add(out, " |\n");
        text_release(&name);
        text_release(&words);
    }
}

static void add_command(const struct command *command, struct text *out)
{
    text_printf(out, "## tapfinger %s\n\n%c%s.\n\n```\n", command->name,
                command->summary[0] - ('a' - 'A'), command->summary + 1);
    help_usage(command, out);
    text_add(out, "```\n\n");
    if (command->description)
        text_printf(out, "%s\n\n", command->description);
    text_add(out, "```sh\n");
    for (const struct example *example = command->examples; example->line; example++)
        text_printf(out, "%s   # %s\n", example->line, example->what);
    text_add(out, "```\n\n");
    if (command->options->name) {
        text_add(out, "| option | meaning |\n| --- | --- |\n");
        add_flags(command->options, out);
        text_add_char(out, '\n');
    }
    if (command->keys) {
        text_add(out, "Keys of the file:\n\n");
        add_sections(command->keys, "###", out);
    }
}

void manual_commands(struct text *out)
{
    text_add(out, "# Commands\n\n");
    text_add(out, made_from);
    text_add(out,
             "Data goes to standard output, talk to standard error; a progress bar is drawn on "
             "terminals only. Flags may stand before or after arguments, as `--name value`, "
             "`--name=value` or `-n value`. Exit codes: 0 done, 1 failed (or a difference was "
             "found), 2 misused, 130 left at once by a second Ctrl-C.\n\n");
    text_add(out, "Every command takes these:\n\n| option | meaning |\n| --- | --- |\n");
    add_flags(common_options, out);
    text_add_char(out, '\n');
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            add_command(commands[i], out);
    while (out->length > 1 && out->bytes[out->length - 2] == '\n')
        out->bytes[--out->length] = '\0';
}

/* Policies */

static void add_policy(const struct policy_ops *ops, struct text *out)
{
    bool takes_model = ops->traits & POLICY_MODEL, any = false;

    text_printf(out, "## %s\n\n%c%s. Source: %s. Information class %s%s.", ops->name,
                ops->summary[0] >= 'a' && ops->summary[0] <= 'z' ? ops->summary[0] - 32
                                                                 : ops->summary[0],
                ops->summary + 1, ops->source, info_class_name(ops->info),
                takes_model ? ", I3 with `model=true`" : "");
    for (int i = 0; i < POLICY_TRAITS; i++)
        if (ops->traits & 1u << i) {
            text_printf(out, "%s%s", any ? ", " : " Traits: ", policy_trait_word(i));
            any = true;
        }
    text_add(out, any ? ".\n\n" : "\n\n");
    if (!ops->options && !takes_model)
        return;
    text_add(out, "| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const struct option_spec *row = ops->options; row && row->name; row++)
        add_row(row, row->name, out);
    for (const struct option_spec *row = policy_common_options(ops); row && row->name; row++)
        add_row(row, row->name, out);
    text_add_char(out, '\n');
}

static void add_classes(struct text *out)
{
    text_add(out, "| class | a policy of this class is shown |\n| --- | --- |\n");
    for (int i = INFO_BLIND; i <= INFO_ORACLE; i++)
        text_printf(out, "| %s | %s |\n", info_class_name((enum info_class)i),
                    info_class_meaning((enum info_class)i));
    text_add(out, "\n| trait | meaning |\n| --- | --- |\n");
    for (int i = 0; i < POLICY_TRAITS; i++)
        text_printf(out, "| %s | %s |\n", policy_trait_word(i), policy_trait_meaning(i));
    text_add_char(out, '\n');
}

void manual_policies(struct text *out)
{
    text_add(out, "# Policies\n\n");
    text_add(out, made_from);
    text_add(out,
             "A policy is named as `NAME` or `NAME:key=value,key=value`. It looks at a view of "
             "the world and answers with a plan; what the view shows depends on its class.\n\n");
    add_classes(out);
    for (int i = 0; policies[i]; i++)
        add_policy(policies[i], out);
    while (out->length > 1 && out->bytes[out->length - 2] == '\n')
        out->bytes[--out->length] = '\0';
}

/* Scenarios */

static const char *const scenario_example =
    "```yaml\n"
    "slot: 1                # without it, time is continuous\n"
    "window: 10\n"
    "resources: [cpu, gpu]\n"
    "clusters:\n"
    "  - {name: depot, capacity: {cpu: 16, gpu: 4}}\n"
    "  - {name: shop, count: 3, capacity: {cpu: 4, gpu: 1}}   # shop1, shop2, shop3\n"
    "arrivals: {process: poisson-slot, rate: 2, tasks: 200}\n"
    "reach: {kind: random}\n"
    "types:\n"
    "  train:\n"
    "    odds: 1\n"
    "    min: {cpu: 2, gpu: 1}\n"
    "    speed: {model: amdahl, serial: 2, parallel: {cpu: 8, gpu: 4}}\n"
    "  classify:\n"
    "    odds: 3\n"
    "    min: {cpu: 1}\n"
    "    max: {cpu: 4, gpu: 0}\n"
    "    speed: {model: power, scale: 0.25, exponents: {cpu: 0.7}}\n"
    "```\n\n";

static void add_models(struct text *out)
{
    text_add(out, "## Speed models\n\nA model turns an allocation into progress per second.\n\n");
    for (int i = 0; speed_models[i]; i++) {
        const struct speed_ops *ops = speed_models[i];

        text_printf(out, "### %s\n\n%c%s: `%s`.\n\n", ops->name,
                    ops->summary[0] >= 'a' && ops->summary[0] <= 'z' ? ops->summary[0] - 32
                                                                     : ops->summary[0],
                    ops->summary + 1, ops->formula);
        add_table(ops->options, out);
    }
}

void manual_scenarios(struct text *out)
{
    text_add(out, "# Scenarios\n\n");
    text_add(out, made_from);
    text_add(out, "A scenario is a YAML file. It says what there is, what arrives and how fast it "
                  "runs. Unknown keys, wrong values and missing ones are errors that name file, "
                  "line and key; `tapfinger check FILE` reads one and reports its load. On the "
                  "command line `--set path.to.key=value` changes one value; a number in the path "
                  "selects an entry of a list, from 0.\n\n");
    text_add(out, scenario_example);
    add_sections(scenario_sections, "##", out);
    add_models(out);
    while (out->length > 1 && out->bytes[out->length - 2] == '\n')
        out->bytes[--out->length] = '\0';
}
