/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to the daemon: the commands use nothing but its HTTP API. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/text.h"

struct arguments;
struct err;

#define CLIENT_SITE_ROW                                                                       \
    {                                                                                         \
        "site", OPTION_STRING, .choices = "URL",                                              \
                               .help = "the daemon: a socket's path or http(s)://HOST:PORT; " \
                                       "default: $TAPFINGER_SITE, then this machine's"        \
    }

/* For commands that have no --timeout of another meaning; its row comes right after the site's. */
#define CLIENT_OPTION_ROWS                                                                      \
    CLIENT_SITE_ROW,                                                                            \
    {                                                                                           \
        "timeout", OPTION_STRING, .choices = "DURATION",                                        \
                                  .help = "wait no longer for an answer of the daemon (exit "   \
                                          "code 5); default: $TAPFINGER_TIMEOUT, then for ever" \
    }

struct client {
    void *curl;
    char *base, *socket;
    char *token;
    double patience_s;   /* for one answer; 0: for ever */
    bool tells_problems; /* a refusal goes to standard error as the daemon said it, in JSON */
};

/* Fails if the user said something wrong. Release with client_close in any case. */
int client_open(struct client *client, const struct arguments *args, struct err *err);
/* For a daemon of this machine, without options. */
int client_open_socket(struct client *client, const char *path, struct err *err);
void client_close(struct client *client);

struct answer {
    int status;
    json_t *doc; /* NULL if the body is no JSON */
    struct text body;
    long long log_size, log_offset;
    bool log_end;
};

/* How long an answer may be asked to keep back for something to happen: at most so long, and well
 * within the user's patience. */
double client_poll_s(const struct client *client, double most_s);

/* Sends a request; body (released) may be NULL, key is an Idempotency-Key or NULL. Returns
 * EXIT_DONE for a 2xx answer; else err says why, and the code is what the command should exit with.
 */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
                const char *key, struct answer *answer, struct err *err);
void answer_release(struct answer *answer);

/* Prints an answer for which client_call() returned EXIT_DONE, as it came if the user wants JSON or
 * print is NULL, and releases it in any case. Returns code. */
int answer_show(struct answer *answer, int code, const struct arguments *args,
                void (*print)(const struct arguments *args, const json_t *doc));

/* Adds a value as it stands in an address. */
void client_escape(struct client *client, const char *value, struct text *out);

/* Text of a key, or "-". */
const char *client_text(const json_t *doc, const char *key);
/* "4m10s", "18m02s", "2d4h" */
void client_print_seconds(double seconds, struct text *out);
/* Seconds since a time as the API prints it; -1 for null. */
double client_age(const json_t *at);
/* "cpu=2 gpu=1 mem=4.0G" of an allocation; "-" for none. */
void client_print_amount(const json_t *allocation, struct text *out);
/* "cpu=2,gpu=1,mem=4G" as the API wants it. */
int client_read_amount(const char *words, json_t **out, struct err *err);

#endif
