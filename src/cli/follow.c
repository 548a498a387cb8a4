/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/follow.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/client.h"
#include "cli/command.h"

enum { TAIL_BYTES = 1 << 20 };

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

int follow_tail(struct client *client, const char *id, const char *stream, int lines,
                struct text *out, long long *offset, struct err *err)
{
    struct answer answer;
    const char *from;
    char path[200];
    int code;

    snprintf(path, sizeof path, "/v1/jobs/%.40s/logs?stream=%s&offset=-%d", id, stream, TAIL_BYTES);
    code = client_call(client, "GET", path, NULL, NULL, &answer, err);
    if (code == EXIT_DONE) {
        from = answer.body.bytes + answer.body.length;
        if (from > answer.body.bytes)
            from--; /* the end of the last line */
        while (from > answer.body.bytes && (from[-1] != '\n' || --lines > 0))
            from--;
        text_add_bytes(out, from, (size_t)(answer.body.bytes + answer.body.length - from));
        *offset = answer.log_offset + (from - answer.body.bytes);
    }
    answer_release(&answer);
    return code;
}

/* The first task that did not go well. */
static const char *find_failed(const json_t *doc)
{
    const char *id =
        client_text(json_object_get(doc, "task") ? json_object_get(doc, "task") : doc, "id");
    size_t at;
    json_t *task;

    if (json_object_get(doc, "task"))
        return id;
    json_array_foreach (json_object_get(doc, "task_list"), at, task)
        if (strcmp(client_text(task, "state"), "SUCCEEDED") != 0)
            return client_text(task, "id");
    return id;
}

/* What it said last: on standard error, else on standard output. */
static void print_last_words(struct client *client, const char *id, int lines)
{
    static const char *const stream[] = {"stderr", "stdout"};
    struct text words;
    long long offset;
    struct err err;

    text_init(&words, 0);
    for (int i = 0; i < 2 && words.length == 0; i++)
        follow_tail(client, id, stream[i], lines, &words, &offset, &err);
    fwrite(words.bytes, 1, words.length, stderr);
    if (words.length && words.bytes[words.length - 1] != '\n')
        fputc('\n', stderr);
    text_release(&words);
}

/* "4 FAILED: exit code 3" */
static void complain(const json_t *task, const char *state)
{
    const char *message = json_string_value(json_object_get(task, "message"));
    json_int_t code = json_integer_value(json_object_get(task, "exit_code"));
    json_int_t signal = json_integer_value(json_object_get(task, "exit_signal"));

    fprintf(stderr, "%s %s", client_text(task, "id"), state);
    if (message)
        fprintf(stderr, ": %s", message);
    else if (signal)
        fprintf(stderr, ": signal %lld", (long long)signal);
    else if (code > 0)
        fprintf(stderr, ": exit code %lld", (long long)code);
    fputc('\n', stderr);
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
    complain(task, state);
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

int follow_to_end(struct client *client, const char *id, double most_s, bool propagate, int tail,
                  struct err *err)
{
    double until = most_s > 0 ? clock_s(CLOCK_MONOTONIC) + most_s : 0;

    for (;;) {
        double left = until > 0 ? until - clock_s(CLOCK_MONOTONIC) : 30;
        struct answer answer;
        char path[200];
        int code;

        if (left <= 0) {
            err_set(err, ERR_LIMIT, "%s is not over yet", id);
            return EXIT_TIMED_OUT;
        }
        snprintf(path, sizeof path, "/v1/jobs/%.40s?until=finished&wait=%.3f", id,
                 client_poll_s(client, left < 30 ? left : 30));
        code = client_call(client, "GET", path, NULL, NULL, &answer, err);
        if (code != EXIT_DONE || is_final(answer.doc)) {
            bool over = code == EXIT_DONE;

            code = over ? judge(answer.doc, propagate) : code;
            if (over && code != EXIT_DONE && tail)
                print_last_words(client, find_failed(answer.doc), tail);
            answer_release(&answer);
            return code;
        }
        answer_release(&answer);
    }
}
