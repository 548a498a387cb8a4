/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats that can be imported. To add one: write src/trace/format_NAME.c with a table
 * format_NAME at its end, and add a line to the list.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include "base/option.h"
#include "trace/csv.h"
#include "trace/members.h"
#include "trace/trace.h"

struct err;
struct text;

#define TRACE_FORMAT_LIST(X) \
    X(csv)                   \
    X(profile)               \
    X(tapfinger)             \
    X(microsoft)             \
    X(philly)                \
    X(openb)                 \
    X(adaptdl)               \
    X(sia)                   \
    X(gavel)                 \
    X(shockwave)             \
    X(elasticflow)           \
    X(muri)                  \
    X(synergy)               \
    X(zeus)                  \
    X(infless)               \
    X(dl2)                   \
    X(eua)                   \
    X(pai)

enum trace_part {
    TRACE_ARRIVALS = 1u << 0,
    TRACE_TYPES = 1u << 1,
    TRACE_SITES = 1u << 2,
    TRACE_FACTORS = 1u << 3, /* CPU sensitivity */
    TRACE_NOISE = 1u << 4,
};

/* One reading of a source's files. */
struct trace_reader {
    struct trace *trace;
    const struct trace_format *format;
    struct members members;
    struct csv csv; /* of the present file, once opened */
    bool has_csv;
    struct params params; /* over the format's options */
    const char *part;     /* what the user wrote behind "FORMAT:"; or NULL */
    unsigned want;        /* enum trace_part */
};

struct trace_format {
    const char *name, *summary;
    const char *files; /* what it reads, column by column, and what becomes of it */
    const char *home;  /* its places where the public sets lie side by side, ':' between; or NULL */
    const char *quality; /* what to know before trusting it */
    unsigned gives;      /* enum trace_part */
    const struct option_spec *options;
    bool absolute; /* times count from some date */
    int (*read)(struct trace_reader *reader, struct err *err);
};

#define X(name) extern const struct trace_format format_##name;
TRACE_FORMAT_LIST(X)
#undef X

extern const struct trace_format *const trace_formats[]; /* ends with NULL */

const struct trace_format *trace_format_find(const char *name);
const char *trace_format_nearest(const char *name);

/* The next file: 1, or 0 at the end, or an error. */
int reader_next_file(struct trace_reader *reader, struct err *err);
/* The present file as rows; ends with the file. */
void reader_open_rows(struct trace_reader *reader, char separator, bool quotes);
/* Its next row, counted: 1, or 0, or an error. Damaged rows are dropped here. */
int reader_next_row(struct trace_reader *reader, struct err *err);
/* The same, not counted: for tables beside the jobs. */
int reader_next_line(struct trace_reader *reader, struct err *err);

/* The whole present file, at most so many bytes; text is initialised here, release it in any case.
 */
int reader_read_whole(struct trace_reader *reader, struct text *text, size_t most_bytes,
                      struct err *err);

/* The file has nothing of the format: it is listed as passed over. */
void reader_pass_over(struct trace_reader *reader);

/* Whether the present file is of the part that was asked for (any, if none was). */
bool reader_in_part(const struct trace_reader *reader);

static inline bool reader_wants(const struct trace_reader *reader, enum trace_part part)
{
    return (reader->want & part) != 0;
}

/* "FILE:LINE: message"; ERR_INVALID. */
int reader_error(const struct trace_reader *reader, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Columns by name into column[], -1 where one is missing; name ends with NULL. True if the first
 * `needed` are all there. */
bool reader_columns(const struct trace_reader *reader, const char *const *name, int needed,
                    int *column);

#endif
