/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/follow.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "cli/client.h"
#include "cli/command.h"

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int follow_logs(struct client *client, const char *id, const char *stream, long long offset,
                struct err *err)
{
    for (;;) {
        struct answer answer;
        char path[200];
        bool end, any;
        int code;

        snprintf(path, sizeof path, "/v1/jobs/%.40s/logs?stream=%s&offset=%lld", id, stream,
                 offset);
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        end = answer.log_end;
        any = answer.body.length > 0;
        if (code == EXIT_DONE) {
            fwrite(answer.body.bytes, 1, answer.body.length, stdout);
            fflush(stdout);
            offset = answer.log_offset + (long long)answer.body.length;
        }
        answer_release(&answer);
        if (code != EXIT_DONE || (end && !any))
            return code;
        if (!any)
            nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
}

static int judge(const json_t *doc, bool propagate)
{
    const json_t *task = json_object_get(doc, "task") ? json_object_get(doc, "task") : doc;
    const char *state = client_text(task, "state");

    if (strcmp(state, "SUCCEEDED") == 0)
        return EXIT_DONE;
    if (propagate && json_is_integer(json_object_get(task, "exit_signal")))
        return 128 + (int)json_integer_value(json_object_get(task, "exit_signal"));
    if (propagate && json_integer_value(json_object_get(task, "exit_code")))
        return (int)json_integer_value(json_object_get(task, "exit_code"));
    fprintf(stderr, "%s %s%s%s\n", client_text(task, "id"), state,
            json_is_string(json_object_get(task, "message")) ? ": " : "",
            json_is_string(json_object_get(task, "message")) ? client_text(task, "message") : "");
    return EXIT_FAILED;
}

static bool is_final(const json_t *doc)
{
    static const char *const word[] = {"SUCCEEDED", "FAILED", "CANCELED", "LOST"};
    const json_t *task = json_object_get(doc, "task") ? json_object_get(doc, "task") : doc;

    for (int i = 0; i < 4; i++)
        if (strcmp(client_text(task, "state"), word[i]) == 0)
            return true;
    return false;
}

int follow_to_end(struct client *client, const char *id, double most_s, bool propagate,
                  struct err *err)
{
    double until = most_s > 0 ? now_s() + most_s : 0;

    for (;;) {
        double left = until > 0 ? until - now_s() : 30;
        struct answer answer;
        char path[200];
        int code;

        if (left <= 0) {
            err_set(err, ERR_LIMIT, "%s is not over yet", id);
            return EXIT_TIMED_OUT;
        }
        snprintf(path, sizeof path, "/v1/jobs/%.40s?until=finished&wait=%.3f", id,
                 left < 30 ? left : 30);
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        if (code != EXIT_DONE || is_final(answer.doc)) {
            code = code == EXIT_DONE ? judge(answer.doc, propagate) : code;
            answer_release(&answer);
            return code;
        }
        answer_release(&answer);
    }
}
