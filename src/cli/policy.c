/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger policy: who decides at the daemon, and letting another one decide. */
#include <stdio.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static void say(const struct arguments *args, const json_t *doc)
{
    (void)args;
    printf("%s decides", client_text(doc, "policy"));
    if (json_is_true(json_object_get(doc, "fallback_decides")))
        printf("; at present fifo-min in its place");
    if (json_is_string(json_object_get(doc, "trouble")))
        printf(" (%s)", client_text(doc, "trouble"));
    printf("\n");
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "policy");
    struct client client;
    struct answer answer;
    int code;

    if (client_open(&client, args, err))
        return EXIT_FAILED;
    code = name ? client_call(&client, "PUT", "/v1/policy", json_pack("{s:s}", "policy", name),
                              NULL, &answer, err)
                : client_call(&client, "GET", "/v1/policies", NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, say);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger policy", "who decides"},
    {"tapfinger policy fair", "another one, from now on; running tasks stay"},
    {0},
};

static const struct option_spec options[] = {
    {"policy", OPTION_STRING, .choices = "POLICY", .flags = OPTION_POSITIONAL,
     .help = "NAME, or NAME:key=value,..."},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_policy = {
    .name = "policy",
    .summary = "show or change who decides at the daemon",
    .examples = examples,
    .options = options,
    .run = run,
};
