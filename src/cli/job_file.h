/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs in files: one job in YAML, or what the tasks of an array differ in. */
#ifndef CLI_JOB_FILE_H
#define CLI_JOB_FILE_H

#include <jansson.h>

struct err;

/* Adds what a YAML (or JSON) file says of a job to a document as the API wants it; "-": standard
 * input. */
int job_file_read(const char *path, json_t *doc, struct err *err);
/* The lines of a file, or the values of a JSON list, as texts; "-": standard input. */
int job_file_lines(const char *path, json_t **out, struct err *err);
int job_file_values(const char *path, json_t **out, struct err *err);

#endif
