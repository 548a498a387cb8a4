/* SPDX-License-Identifier: Apache-2.0 */
/* The variables that a job inherits from the shell that submits it. */
#ifndef CLI_JOB_ENV_H
#define CLI_JOB_ENV_H

#include <jansson.h>

struct err;

/* NAME=VALUE into a map; an error names the flag. */
int job_env_add(json_t *map, const char *flag, const char *pair, struct err *err);
/* All of this process but those that are tapfinger's own. */
json_t *job_env_of_shell(void);

#endif
