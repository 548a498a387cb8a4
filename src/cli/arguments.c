/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "cli/command.h"

const struct option_spec common_options[] = {
    {"json", OPTION_FLAG, .help = "one JSON document on standard output"},
    {"color", OPTION_CHOICE, "auto", .choices = "auto|always|never",
     .help = "colours; NO_COLOR and CLICOLOR_FORCE are obeyed"},
    {"help", OPTION_FLAG, .letter = 'h', .help = "show this help"},
    {0},
};

struct reader {
    struct arguments *args;
    char *const *word;
    int words, at;
    const char **positional; /* the words without a flag */
    int positionals;
    bool flags_ended;
    struct err *err;
};

static int count_rows(const struct option_spec *rows)
{
    int count = 0;

    while (rows[count].name)
        count++;
    return count;
}

static bool is_positional(const struct option_spec *row)
{
    return row->flags & OPTION_POSITIONAL;
}

/* The flag's row and the params that it belongs to; NULL if there is none. */
static const struct option_spec *find_flag(struct arguments *args, const char *name, char letter,
                                           struct params **params)
{
    struct params *both[] = {&args->own, &args->common};

    for (size_t i = 0; i < COUNT_OF(both); i++)
        for (const struct option_spec *row = both[i]->spec; row->name; row++)
            if (!is_positional(row) &&
                (name ? strcmp(row->name, name) == 0 : row->letter == letter)) {
                *params = both[i];
                return row;
            }
    return NULL;
}

static int refuse_flag(const struct reader *reader, const char *name)
{
    const struct option_spec *own = reader->args->own.spec;
    const char **names;
    const char *near;
    int count = 0;

    names = xcalloc((size_t)(count_rows(own) + count_rows(common_options)), sizeof *names);
    for (const struct option_spec *row = own; row->name; row++)
        if (!is_positional(row))
            names[count++] = row->name;
    for (const struct option_spec *row = common_options; row->name; row++)
        names[count++] = row->name;
    near = nearest_name(names, count, name);
    free(names);
    if (near)
        return err_set(reader->err, ERR_INVALID,
                       "unknown option \"--%.60s\"; did you mean \"--%s\"?", name, near);
    return err_set(reader->err, ERR_INVALID,
                   "unknown option \"--%.60s\"; see \"tapfinger help %s\"", name,
                   reader->args->command->name);
}

static int set_flag(const struct reader *reader, struct params *params,
                    const struct option_spec *row, const char *value)
{
    struct err err;
    int rc = params_set(params, row->name, value, &err);

    return rc ? err_set(reader->err, err.code, "--%s", err.message) : 0;
}

/* The word after a flag that wants one; NULL and an error if there is none. */
static const char *next_word(struct reader *reader, const struct option_spec *row)
{
    if (reader->at < reader->words)
        return reader->word[reader->at++];
    err_set(reader->err, ERR_INVALID, "--%s: expected a value", row->name);
    return NULL;
}

static int read_long(struct reader *reader, const char *word)
{
    size_t length = strcspn(word, "=");
    char *name = xstrndup(word, length);
    const char *value = word[length] ? word + length + 1 : NULL;
    struct params *params = NULL;
    const struct option_spec *row = find_flag(reader->args, name, 0, &params);
    int rc;

    if (!row) {
        rc = refuse_flag(reader, name);
    } else {
        if (!value)
            value = row->type == OPTION_FLAG ? "true" : next_word(reader, row);
        rc = value ? set_flag(reader, params, row, value) : ERR_INVALID;
    }
    free(name);
    return rc;
}

/* "-p value", "-pvalue", or several flags that take none: "-qj". */
static int read_short(struct reader *reader, const char *letters)
{
    int rc = 0;

    while (*letters && rc == 0) {
        struct params *params = NULL;
        const struct option_spec *row = find_flag(reader->args, NULL, *letters, &params);
        const char *value;

        if (!row)
            return err_set(reader->err, ERR_INVALID,
                           "unknown option \"-%c\"; see \"tapfinger help %s\"", *letters,
                           reader->args->command->name);
        letters++;
        if (row->type == OPTION_FLAG) {
            rc = set_flag(reader, params, row, "true");
            continue;
        }
        value = *letters ? letters : next_word(reader, row);
        return value ? set_flag(reader, params, row, value) : ERR_INVALID;
    }
    return rc;
}

static int read_word(struct reader *reader)
{
    const char *word = reader->word[reader->at++];

    if (reader->flags_ended || word[0] != '-' || word[1] == '\0') {
        reader->positional[reader->positionals++] = word;
        return 0;
    }
    if (strcmp(word, "--") == 0) {
        reader->flags_ended = true;
        return 0;
    }
    return word[1] == '-' ? read_long(reader, word + 2) : read_short(reader, word + 1);
}

/* How many words a row gets, of which some may be spare: more than the required rows need. */
static int count_share(const struct option_spec *row, int *spare)
{
    int own = row->flags & OPTION_REQUIRED ? 1 : 0;
    int more = row->flags & OPTION_REPEATS ? *spare : 1 - own;

    if (*spare <= 0)
        return own;
    *spare -= more;
    return own + more;
}

static int set_positionals(const struct reader *reader)
{
    struct params *params = &reader->args->own;
    int at = 0, spare = reader->positionals;

    for (const struct option_spec *row = params->spec; row->name; row++)
        spare -= is_positional(row) && row->flags & OPTION_REQUIRED;
    for (const struct option_spec *row = params->spec; row->name; row++) {
        int end = at + (is_positional(row) ? count_share(row, &spare) : 0);

        for (; at < end && at < reader->positionals; at++) {
            int rc = params_set(params, row->name, reader->positional[at], reader->err);

            if (rc)
                return rc;
        }
    }
    if (at < reader->positionals)
        return err_set(reader->err, ERR_INVALID, "unexpected argument \"%.60s\"",
                       reader->positional[at]);
    return 0;
}

int arguments_parse(struct arguments *args, const struct command *command, int count,
                    char *const *word, struct err *err)
{
    struct reader reader = {.args = args, .word = word, .words = count, .err = err};
    int rc = 0;

    args->command = command;
    params_init(&args->own, command->options);
    params_init(&args->common, common_options);
    reader.positional = xcalloc((size_t)count, sizeof *reader.positional);
    while (rc == 0 && reader.at < count)
        rc = read_word(&reader);
    if (rc == 0)
        rc = set_positionals(&reader);
    free(reader.positional);
    return rc;
}

void arguments_release(struct arguments *args)
{
    params_release(&args->own);
    params_release(&args->common);
}

/* Output has one form. */
static int check_form(const struct arguments *args, struct err *err)
{
    const char *form = arguments_want_json(args) ? "json" : NULL;

    for (int i = 0; i < args->own.count; i++) {
        const char *name = args->own.spec[i].name;

        if ((strcmp(name, "csv") != 0 && strcmp(name, "plain") != 0) || !arguments_flag(args, name))
            continue;
        if (form)
            return err_set(err, ERR_INVALID, "--%s and --%s: choose one", form, name);
        form = name;
    }
    return 0;
}

static int need_row(const struct arguments *args, int i, struct err *err)
{
    const struct option_spec *row = &args->own.spec[i];

    if (args->own.value[i].given)
        return 0;
    if (is_positional(row))
        return err_set(err, ERR_INVALID, "missing %s: %s", row->choices, row->help);
    return err_set(err, ERR_INVALID, "missing --%s: %s", row->name, row->help);
}

int arguments_need(const struct arguments *args, const char *name, struct err *err)
{
    return need_row(args, option_find(args->own.spec, name), err);
}

int arguments_check(const struct arguments *args, struct err *err)
{
    int rc = 0;

    for (int i = 0; rc == 0 && i < args->own.count; i++)
        if (args->own.spec[i].flags & OPTION_REQUIRED)
            rc = need_row(args, i, err);
    return rc ? rc : check_form(args, err);
}

bool arguments_flag(const struct arguments *args, const char *name)
{
    return params_flag(&args->own, name);
}

const char *arguments_string(const struct arguments *args, const char *name)
{
    return params_string(&args->own, name);
}

bool arguments_want_json(const struct arguments *args)
{
    return params_flag(&args->common, "json");
}

bool arguments_want_colour(const struct arguments *args, int stream)
{
    const char *force = getenv("CLICOLOR_FORCE"), *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    int choice = params_choice(&args->common, "color");

    if (choice > 0)
        return choice == 1;
    if (no && *no)
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return isatty(stream) && !(terminal && strcmp(terminal, "dumb") == 0);
}
