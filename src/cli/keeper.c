/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger keeper: started by the daemon, one per attempt; see backend/keeper.h. */
#include "backend/keeper.h"

#include "cli/arguments.h"
#include "cli/command.h"

static int run(const struct arguments *args, struct err *err)
{
    (void)err;
    return keeper_run(arguments_string(args, "folder"));
}

static const struct option_spec options[] = {
    {"folder", OPTION_STRING, .choices = "FOLDER", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "the attempt's folder"},
    {0},
};

const struct command command_keeper = {
    .name = "keeper",
    .summary = "keep one task of the daemon",
    .options = options,
    .hidden = true,
    .run = run,
};
