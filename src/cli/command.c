/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <string.h>

#include "base/memory.h"

const struct command *const commands[] = {
#define X(name) &command_##name,
    COMMAND_LIST(X)
#undef X
        NULL,
};

const struct command *command_find(const char *name)
{
    for (int i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *names[COUNT_OF(commands)];
    int count = 0;

    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            names[count++] = commands[i]->name;
    return nearest_name(names, count, name);
}
