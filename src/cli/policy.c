/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger policy: who decides at the daemon, and letting another one decide. */
#include <stdio.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/plan_table.h"
#include "report/table.h"

static void say(const struct arguments *args, const json_t *doc)
{
    (void)args;
    printf("%s decides", client_text(doc, "policy"));
    if (json_is_true(json_object_get(doc, "fallback_decides")))
        printf("; at present %s in its place", client_text(doc, "fallback"));
    if (json_is_string(json_object_get(doc, "trouble")))
        printf(" (%s)", client_text(doc, "trouble"));
    printf("\n");
}

static void say_plan(const struct arguments *args, const json_t *doc)
{
    struct table table;

    if (plan_table_fill(&table, doc))
        listing_show(args, &table);
    table_release(&table);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "policy");
    bool dry = arguments_flag(args, "dry-run");
    struct client client;
    struct answer answer;
    int code;

    if (dry && !name) {
        err_set(err, ERR_INVALID, "--dry-run: of which policy?");
        return EXIT_MISUSED;
    }
    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    code = name ? client_call(&client, dry ? "POST" : "PUT", dry ? "/v1/policy/plan" : "/v1/policy",
                              json_pack("{s:s}", "policy", name), NULL, &answer, err)
                : client_call(&client, "GET", "/v1/policies", NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args, dry ? say_plan : say);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger policy", "who decides"},
    {"tapfinger policy fair --dry-run", "what another would do now"},
    {"tapfinger policy fair", "another one, from now on; running tasks stay"},
    {0},
};

static const struct option_spec options[] = {
    {"policy", OPTION_STRING, .choices = "POLICY", .flags = OPTION_POSITIONAL,
     .help = "NAME, or NAME:key=value,..."},
    {"dry-run", OPTION_FLAG, .help = "only show what it would start, resize and stop now"},
    LIST_OPTION_ROWS,
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
