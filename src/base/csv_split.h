/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting one row of separated values (RFC 4180) into its fields, in place. */
#ifndef BASE_CSV_SPLIT_H
#define BASE_CSV_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

struct csv_split {
    char *at;  /* the next field; NULL behind the last */
    char *end; /* of the row; a byte that may be written to */
    char separator;
    bool quotes;        /* "a, ""b""" is one field */
    const char *damage; /* why the row cannot be trusted; or NULL */
};

/* For csv_split_next(): takes away the quotes of the field at split->at, moves that to the field's
 * end and returns where its text ends. */
char *csv_split_quoted(struct csv_split *split);

/* The next field with a NUL behind it; NULL if there is none. A row without a byte is one field. */
static inline char *csv_split_next(struct csv_split *split)
{
    char *field = split->at, *at = field, *stop;

    if (!field)
        return NULL;
    if (split->quotes && at < split->end && *at == '"') {
        stop = csv_split_quoted(split);
        at = split->at;
    } else {
        while (at < split->end && *at != split->separator)
            at++;
        stop = at;
    }
    split->at = at < split->end ? at + 1 : NULL;
    *stop = '\0';
    return field;
}

#endif
