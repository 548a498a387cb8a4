/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job_env.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"

int job_env_add(json_t *map, const char *flag, const char *pair, struct err *err)
{
    const char *equals = strchr(pair, '=');
    char *name;

    if (!equals || equals == pair)
        return err_set(err, ERR_INVALID, "--%s: expected NAME=VALUE, not \"%.60s\"", flag, pair);
    name = xstrndup(pair, (size_t)(equals - pair));
    if (json_object_set_new(map, name, json_string(equals + 1)) != 0)
        err_set(err, ERR_INVALID, "--%s: not UTF-8", flag);
    free(name);
    return 0;
}

json_t *job_env_of_shell(void)
{
    json_t *env = json_object();

    for (char **at = environ; *at; at++)
        if (strncmp(*at, "TAP", 3) != 0)
            job_env_add(env, "env", *at, NULL);
    return env;
}
