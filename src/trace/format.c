/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/format.h"

#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

const struct trace_format *const trace_formats[] = {
#define X(name) &format_##name,
    TRACE_FORMAT_LIST(X)
#undef X
        NULL,
};

const struct trace_format *trace_format_find(const char *name)
{
    for (int i = 0; trace_formats[i]; i++)
        if (strcmp(trace_formats[i]->name, name) == 0)
            return trace_formats[i];
    return NULL;
}

const char *trace_format_nearest(const char *name)
{
    const char *names[COUNT_OF(trace_formats)];
    int count = 0;

    for (int i = 0; trace_formats[i]; i++)
        names[count++] = trace_formats[i]->name;
    return nearest_name(names, count, name);
}

static void close_rows(struct trace_reader *reader)
{
    if (reader->has_csv)
        csv_close(&reader->csv);
    reader->has_csv = false;
}

int reader_next_file(struct trace_reader *reader, struct err *err)
{
    int rc;

    close_rows(reader);
    rc = members_next(&reader->members, err);
    if (rc > 0)
        reader->trace->account.files++;
    return rc;
}

void reader_open_rows(struct trace_reader *reader, char separator, bool quotes)
{
    close_rows(reader);
    csv_open(&reader->csv, &reader->members, separator, quotes);
    reader->has_csv = true;
}

int reader_next_line(struct trace_reader *reader, struct err *err)
{
    return csv_next(&reader->csv, err);
}

int reader_next_row(struct trace_reader *reader, struct err *err)
{
    for (;;) {
        int rc = csv_next(&reader->csv, err);

        if (rc > 0)
            rc = trace_row(reader->trace, reader->members.name, reader->csv.line, err);
        else
            return rc;
        if (rc)
            return rc;
        if (!reader->csv.damage)
            return 1;
        trace_drop(reader->trace, TRACE_DROP_DAMAGED);
    }
}

int reader_read_whole(struct trace_reader *reader, struct text *text, size_t most_bytes,
                      struct err *err)
{
    char block[1 << 14];
    int64_t got;

    text_init(text, most_bytes);
    while ((got = members_read(&reader->members, block, sizeof block, err)) > 0) {
        text_add_bytes(text, block, (size_t)got);
        if (text_is_cut(text))
            return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", reader->members.name,
                           most_bytes);
    }
    return (int)got;
}

void reader_pass_over(struct trace_reader *reader)
{
    reader->trace->account.passed_over++;
    reader->trace->account.files--;
}

static bool is_edge(char c)
{
    return c == '\0' || c == '/' || c == '.' || c == '-' || c == '_';
}

bool reader_in_part(const struct trace_reader *reader)
{
    const char *name = reader->members.name, *part = reader->part, *at = name;

    if (!part)
        return true;
    for (; (at = strstr(at, part)); at++) {
        char behind = at[strlen(part)];

        if ((at == name || at[-1] == '/') && is_edge(behind))
            return true;
    }
    return false;
}

int reader_error(const struct trace_reader *reader, struct err *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(err, ERR_INVALID, format, args);
    va_end(args);
    return err_place(err, reader->members.name, reader->has_csv ? reader->csv.line : 0);
}

static void remember_lack(const struct trace_reader *reader, const char *name)
{
    struct trace_account *account = &reader->trace->account;

    if (account->lacks)
        return;
    account->lacking_file = arena_strdup(&reader->trace->arena, reader->members.name);
    account->lacks = name;
}

bool reader_columns(const struct trace_reader *reader, const char *const *name, int needed,
                    int *column)
{
    bool all = true;

    for (int i = 0; name[i]; i++) {
        column[i] = csv_column(&reader->csv, name[i]);
        if (column[i] >= 0 || i >= needed)
            continue;
        all = false;
        remember_lack(reader, name[i]);
    }
    return all;
}
