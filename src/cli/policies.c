/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger policies: what there is to compare, and what each takes. */
#include <stdio.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/listing.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "report/table.h"

/* A policy that takes a model is an oracle with the true one. */
static void add_info(const struct policy_ops *ops, struct text *out)
{
    text_add(out, info_class_name(ops->info));
    if (ops->traits & POLICY_MODEL && ops->info < INFO_ORACLE)
        text_printf(out, "/%s", info_class_name(INFO_ORACLE));
}

static void add_traits(const struct policy_ops *ops, struct text *out)
{
    bool any = false;

    for (int i = 0; i < POLICY_TRAITS; i++)
        if (ops->traits & 1u << i) {
            text_printf(out, "%s%s", any ? "," : "", policy_trait_word(i));
            any = true;
        }
    if (!any)
        text_add(out, "-");
}

static void fill_table(struct table *table)
{
    table_column(table, "POLICY", TABLE_LEFT, 0);
    table_column(table, "INFO", TABLE_LEFT, 0);
    table_column(table, "TRAITS", TABLE_LEFT, 1);
    table_column(table, "SUMMARY", TABLE_LEFT, 0);
    for (int i = 0; policies[i]; i++) {
        struct text info, traits;

        text_init(&info, 0);
        text_init(&traits, 0);
        add_info(policies[i], &info);
        add_traits(policies[i], &traits);
        table_cell(table, MOOD_STRONG, "%s", policies[i]->name);
        table_cell(table, MOOD_PLAIN, "%s", info.bytes);
        table_cell(table, MOOD_PLAIN, "%s", traits.bytes);
        table_cell(table, MOOD_PLAIN, "%s", policies[i]->summary);
        text_release(&info);
        text_release(&traits);
    }
}

static void emit_options(struct emit *e, const struct option_spec *rows)
{
    for (; rows && rows->name; rows++) {
        struct text what;

        text_init(&what, 0);
        option_describe(rows, &what);
        emit_open(e, '{');
        emit_key_string(e, "name", rows->name);
        emit_key_string(e, "value", what.bytes);
        emit_key_string(e, "default", rows->initial);
        emit_key_string(e, "help", rows->help);
        emit_close(e);
        text_release(&what);
    }
}

static void emit_policy(struct emit *e, const struct policy_ops *ops)
{
    emit_open(e, '{');
    emit_key_string(e, "name", ops->name);
    emit_key_string(e, "summary", ops->summary);
    emit_key_string(e, "source", ops->source);
    emit_key_string(e, "info", info_class_name(ops->info));
    emit_key(e, "traits");
    emit_open(e, '[');
    for (int i = 0; i < POLICY_TRAITS; i++)
        if (ops->traits & 1u << i)
            emit_string(e, policy_trait_word(i));
    emit_close(e);
    emit_key(e, "options");
    emit_open(e, '[');
    emit_options(e, ops->options);
    emit_options(e, policy_common_options(ops));
    emit_close(e);
    emit_close(e);
}

static void print_json(const char *name, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.policies/1");
    emit_key(&e, "policies");
    emit_open(&e, '[');
    for (int i = 0; policies[i]; i++)
        if (!name || strcmp(name, policies[i]->name) == 0)
            emit_policy(&e, policies[i]);
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void describe_options(const struct option_spec *rows, struct text *out)
{
    for (; rows && rows->name; rows++) {
        struct text words;

        text_init(&words, 0);
        help_option_text(rows, &words);
        text_printf(out, "  %-12s ", rows->name);
        help_wrap(out, words.bytes, 15, 90);
        text_release(&words);
    }
}

static void describe(const struct policy_ops *ops, struct text *out)
{
    text_printf(out, "%s: %s\n\n  source  %s\n  shown   ", ops->name, ops->summary, ops->source);
    add_info(ops, out);
    text_printf(out, ", %s\n", info_class_meaning(ops->info));
    for (int i = 0; i < POLICY_TRAITS; i++)
        if (ops->traits & 1u << i)
            text_printf(out, "  trait   %s: %s\n", policy_trait_word(i), policy_trait_meaning(i));
    text_printf(out, "\nOptions of %s:key=value,...\n", ops->name);
    if (!ops->options && !(ops->traits & POLICY_MODEL))
        text_add(out, "  none\n");
    describe_options(ops->options, out);
    describe_options(policy_common_options(ops), out);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "policy");
    struct policy_spec spec;
    struct table table;
    struct text out;

    if (name && policy_spec_parse(&spec, name, err))
        return EXIT_MISUSED;
    text_init(&out, 0);
    if (arguments_want_json(args)) {
        print_json(name ? spec.ops->name : NULL, &out);
    } else if (name) {
        describe(spec.ops, &out);
    } else {
        table_init(&table);
        fill_table(&table);
        listing_print(args, &table, &out);
        table_release(&table);
    }
    fputs(out.bytes, stdout);
    text_release(&out);
    if (name)
        policy_spec_release(&spec);
    return EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger policies", "all of them"},
    {"tapfinger policies knee", "one, with its options"},
    {0},
};

static const struct option_spec options[] = {
    {"policy", OPTION_STRING, .choices = "POLICY", .flags = OPTION_POSITIONAL,
     .help = "the policy to describe; default: a list of all"},
    LIST_OPTION_ROWS,
    {0},
};

const struct command command_policies = {
    .name = "policies",
    .summary = "list policies, or describe one",
    .examples = examples,
    .options = options,
    .run = run,
};
