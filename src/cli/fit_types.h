/* SPDX-License-Identifier: Apache-2.0 */
/* A file of fitted types, as scenarios have them. */
#ifndef CLI_FIT_TYPES_H
#define CLI_FIT_TYPES_H

#include <stdbool.h>

struct err;
struct profile_fit;
struct trace;
struct trace_type;

struct fit_choice {
    const struct trace_type *type;
    const struct profile_fit *fit;
};

/* Adds types to a file, or makes it. One that is there by that name is replaced if it fits no
 * better than this one, by the errors that the file and the new fit tell; with force always. A file
 * that is none of types is left alone, but with force. */
int fit_types_write(const char *path, const struct trace *trace, const struct fit_choice *choice,
                    int choices, bool force, struct err *err);

#endif
