/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that commands write results into. */
#ifndef REPORT_FOLDER_H
#define REPORT_FOLDER_H

#include <stdbool.h>

struct err;
struct text;

/* "folder/name"; the caller frees it. */
char *folder_join(const char *folder, const char *name);

bool folder_has(const char *folder, const char *name);
bool folder_is_empty(const char *path); /* also true if there is none */

/* One that exists is fine. The second makes those above it too. */
int folder_make(const char *path, struct err *err);
int folder_make_path(const char *path, struct err *err);

/* Those of the names (NULL after the last) that are there. */
void folder_remove_files(const char *folder, const char *const *names);

/* Those whose names end so. */
void folder_remove_ending(const char *folder, const char *ending);

/* Writes a file into it, all or nothing. */
int folder_write(const char *folder, const char *name, const struct text *text, struct err *err);

#endif
