/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is "types:" and a paragraph for every type, whose first line tells how good it is:
 *
 *     types:
 *       image: # amdahl, cross-validated error 3.1 % (good)
 *         min: {cpu: 1}
 *         ...
 *
 * It is read as lines, not as YAML: what somebody wrote by hand about other types stays as it is.
 */
#include "cli/fit_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "trace/profile_fit.h"

enum { FILE_BYTES = 16 << 20 };

static const char head[] = "types:\n", error_words[] = "cross-validated error ";

/* One type of a file. */
struct paragraph {
    const char *at; /* "  name: ..." */
    size_t bytes;
    int name_bytes;
    double error; /* in percent; -1: it does not say */
};

typedef VECTOR(struct paragraph) paragraph_list;

static void print_amounts(const struct trace *trace, const struct allocation *amount,
                          struct text *out)
{
    text_add_char(out, '{');
    for (int r = 0; r < trace->resources; r++)
        text_printf(out, "%s%s: %d", r > 0 ? ", " : "", trace->resource[r].name, amount->amount[r]);
    text_add_char(out, '}');
}

static void print_type(const struct trace *trace, const struct fit_choice *choice, struct text *out)
{
    const struct trace_type *type = choice->type;
    const struct profile_fit *fit = choice->fit;

    text_printf(out, "  %s: # %s, %s%.1f %% (%s)\n    min: ", type->name,
                fit_words[fit->model].name, error_words, fit->cross_error * 100,
                fit_verdicts[fit->verdict]);
    print_amounts(trace, &type->min, out);
    text_add(out, "\n    max: ");
    print_amounts(trace, &type->max, out);
    if (type->noise > 0)
        text_printf(out, "\n    noise: {kind: lognormal, width: %.4g}", type->noise);
    text_add(out, "\n    speed: ");
    profile_fit_print(fit, trace, type, out);
    text_add_char(out, '\n');
}

/* Starts a paragraph: two spaces, and what ends with a colon. */
static bool is_name(const char *line)
{
    return line[0] == ' ' && line[1] == ' ' && line[2] != ' ' && line[2] != '#' &&
           line[2] != '\n' && line[2] && line[2 + strcspn(line + 2, ":\n")] == ':';
}

static double told_error(const char *line)
{
    const char *at = strstr(line, error_words);

    return at && at < line + strcspn(line, "\n") ? strtod(at + sizeof error_words - 1, NULL) : -1;
}

/* False: it is no file of types. */
static bool split(const char *bytes, paragraph_list *out)
{
    if (strncmp(bytes, head, sizeof head - 1) != 0)
        return false;
    for (const char *line = bytes + sizeof head - 1, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");

        next = line + length + (line[length] == '\n');
        if (is_name(line))
            vector_push(out, ((struct paragraph){.at = line,
                                                 .name_bytes = (int)strcspn(line + 2, ":"),
                                                 .error = told_error(line)}));
        else if (!out->count || (*line != ' ' && *line != '\n'))
            return false;
        out->item[out->count - 1].bytes = (size_t)(next - out->item[out->count - 1].at);
    }
    return true;
}

static bool is_called(const struct paragraph *paragraph, const char *name)
{
    return (int)strlen(name) == paragraph->name_bytes &&
           strncmp(paragraph->at + 2, name, strlen(name)) == 0;
}

/* Fails if what is there is better, or may be, by what both tell. */
static int refuse_better(const char *path, const struct paragraph *old,
                         const struct fit_choice *choice, const char *now, struct err *err)
{
    if (old->error < 0)
        return err_set(err, ERR_INVALID,
                       "%s: %s is there and does not say how well it fits; --force replaces it",
                       path, choice->type->name);
    if (old->error < told_error(now))
        return err_set(err, ERR_INVALID,
                       "%s: %s fits better there: %.1f %% off, and %s %.1f %%; --force replaces it",
                       path, choice->type->name, old->error, fit_words[choice->fit->model].name,
                       told_error(now));
    return 0;
}

static int read_old(struct text *out, const char *path, struct err *err)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? text_read_file(out, path, err) : 0;
}

/* Puts the paragraph of a choice in place of the one that is there, or behind them. */
static int place(paragraph_list *list, const char *path, const struct fit_choice *choice,
                 const struct text *now, bool force, struct err *err)
{
    struct paragraph own = {.at = now->bytes, .bytes = now->length};

    own.name_bytes = (int)strlen(choice->type->name);
    own.error = told_error(now->bytes);
    for (size_t i = 0; i < list->count; i++) {
        struct paragraph *old = &list->item[i];
        int rc;

        if (!is_called(old, choice->type->name))
            continue;
        rc = force ? 0 : refuse_better(path, old, choice, now->bytes, err);
        *old = own;
        return rc;
    }
    vector_push(list, own);
    return 0;
}

int fit_types_write(const char *path, const struct trace *trace, const struct fit_choice *choice,
                    int choices, bool force, struct err *err)
{
    struct text *now = xcalloc((size_t)choices, sizeof *now), old, out;
    paragraph_list list = {0};
    int rc;

    text_init(&old, FILE_BYTES);
    text_init(&out, 0);
    rc = read_old(&old, path, err);
    if (rc == 0 && old.length && !split(old.bytes, &list)) {
        vector_clear(&list);
        if (!force)
            rc = err_set(err, ERR_INVALID,
                         "%s: is there and no file of types; another --output, or --force", path);
    }
    for (int i = 0; i < choices; i++)
        text_init(&now[i], 0);
    for (int i = 0; i < choices && rc == 0; i++) {
        print_type(trace, &choice[i], &now[i]);
        rc = place(&list, path, &choice[i], &now[i], force, err);
    }
    text_add(&out, head);
    for (size_t i = 0; i < list.count && rc == 0; i++) {
        text_add_bytes(&out, list.item[i].at, list.item[i].bytes);
        if (out.bytes[out.length - 1] != '\n')
            text_add_char(&out, '\n');
    }
    if (rc == 0)
        rc = text_write_file(&out, path, err);
    for (int i = 0; i < choices; i++)
        text_release(&now[i]);
    free(now);
    vector_release(&list);
    text_release(&old);
    text_release(&out);
    return rc;
}
