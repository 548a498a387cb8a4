/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger token: who may come in over TCP. */
#include <stdio.h>

#include "base/err.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"

static void print(const struct arguments *args, const json_t *doc)
{
    const json_t *items = json_object_get(doc, "items");

    if (arguments_string(args, "add"))
        printf("%s\n", client_text(doc, "secret"));
    if (arguments_string(args, "revoke"))
        printf("revoked %s\n", client_text(doc, "revoked"));
    if (json_is_array(items) && !json_array_size(items))
        fprintf(stderr,
                "no tokens      next: tapfinger token --add NAME --user USER --role submit\n");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *token = json_array_get(items, i);

        printf("%-20s %-12s %s\n", client_text(token, "name"), client_text(token, "user"),
               client_text(token, "role"));
    }
}

static int call(struct client *client, const struct arguments *args, struct answer *answer,
                struct err *err)
{
    const char *add = arguments_string(args, "add"), *drop = arguments_string(args, "revoke");
    const char *user = arguments_string(args, "user");
    struct text path;
    int code;

    if (add)
        return client_call(client, "POST", "/v1/tokens",
                           json_pack("{s:s, s:s, s:s}", "name", add, "user", user ? user : "",
                                     "role", arguments_string(args, "role")),
                           NULL, answer, err);
    if (!drop)
        return client_call(client, "GET", "/v1/tokens", NULL, NULL, answer, err);
    text_init(&path, 0);
    text_printf(&path, "/v1/tokens/%s", drop);
    code = client_call(client, "DELETE", path.bytes, NULL, NULL, answer, err);
    text_release(&path);
    return code;
}

static int run(const struct arguments *args, struct err *err)
{
    struct client client;
    struct answer answer = {0};
    int code;

    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    code = call(&client, args, &answer, err);
    code = answer_show(&answer, code, args, print);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger token --add laptop --user ann --role submit", "prints the secret, once"},
    {"tapfinger token", "which there are"},
    {"tapfinger token --revoke laptop", "it is worth nothing from now on"},
    {0},
};

static const struct option_spec options[] = {
    {"add", OPTION_STRING, .choices = "NAME", .help = "make a token"},
    {"user", OPTION_STRING, .choices = "USER", .help = "as whom its holder submits"},
    {"role", OPTION_CHOICE, "read", .choices = "read|submit|admin", .help = "what it allows"},
    {"revoke", OPTION_STRING, .choices = "NAME", .help = "drop a token"},
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_token = {
    .name = "token",
    .summary = "make, list and revoke tokens for the daemon's TCP port",
    .description = "The secret goes into $TAPFINGER_TOKEN, the address into $TAPFINGER_SITE.",
    .examples = examples,
    .options = options,
    .run = run,
};
