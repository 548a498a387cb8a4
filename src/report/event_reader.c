/* SPDX-License-Identifier: Apache-2.0 */
#include "report/event_reader.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "sim/event_format.h"

static const double LATEST_S = 1e15;

int event_reader_open(struct event_reader *reader, const char *path, struct err *err)
{
    *reader = (struct event_reader){.tasks = 0};
    return lines_open(&reader->lines, path, EVENT_LINE_BYTES, err);
}

int event_reader_open_memory(struct event_reader *reader, const char *name, const void *bytes,
                             size_t count, struct err *err)
{
    *reader = (struct event_reader){.tasks = 0};
    return lines_open_memory(&reader->lines, name, bytes, count, EVENT_LINE_BYTES, err);
}

void logged_run_release(struct logged_run *run)
{
    free(run->version);
    free(run->scenario);
    free(run->policy);
    free(run->config);
    *run = (struct logged_run){0};
}

void event_reader_close(struct event_reader *reader)
{
    logged_run_release(&reader->run);
    lines_close(&reader->lines);
}

static int parse_object(struct event_reader *reader, json_t **out, struct err *err)
{
    json_error_t error;

    *out = json_loads(reader->lines.line, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*out))
        return 0;
    if (*out) {
        json_decref(*out);
        return lines_error(&reader->lines, err, ERR_INVALID, "expected a JSON object");
    }
    return lines_error(&reader->lines, err, ERR_INVALID, "expected a JSON object: %s", error.text);
}

static int take_string(struct event_reader *reader, json_t *object, const char *key, char **out,
                       struct err *err)
{
    const char *value = json_string_value(json_object_get(object, key));

    if (!value)
        return lines_error(&reader->lines, err, ERR_INVALID, "run: \"%s\": expected text", key);
    free(*out);
    *out = xstrdup(value);
    return 0;
}

static int take_int(struct event_reader *reader, json_t *object, const char *key, int64_t most,
                    int64_t *out, struct err *err)
{
    json_t *value = json_object_get(object, key);

    *out = json_integer_value(value);
    if (!json_is_integer(value) || *out < 0 || *out > most)
        return lines_error(&reader->lines, err, ERR_INVALID,
                           "\"%s\": expected a whole number from 0 to %lld", key, (long long)most);
    return 0;
}

static int read_header(struct event_reader *reader, json_t *object, struct err *err)
{
    const char *word = json_string_value(json_object_get(object, "event"));
    const char *schema = json_string_value(json_object_get(object, "schema"));
    struct logged_run *run = &reader->run;
    int64_t seed = 0, arrivals = 0;
    int rc = 0;

    if (!word || strcmp(word, "run") != 0)
        return lines_error(&reader->lines, err, ERR_INVALID,
                           "expected the header of a run, {\"event\":\"run\",...}");
    if (!schema || strcmp(schema, EVENT_LOG_SCHEMA) != 0)
        return lines_error(&reader->lines, err, ERR_UNSUPPORTED,
                           "schema \"%.60s\"; this version reads \"%s\"", schema ? schema : "",
                           EVENT_LOG_SCHEMA);
    rc = rc ? rc : take_string(reader, object, "version", &run->version, err);
    rc = rc ? rc : take_string(reader, object, "scenario", &run->scenario, err);
    rc = rc ? rc : take_string(reader, object, "policy", &run->policy, err);
    rc = rc ? rc : take_string(reader, object, "config", &run->config, err);
    rc = rc ? rc : take_int(reader, object, "seed", INT64_MAX, &seed, err);
    rc = rc ? rc : take_int(reader, object, "arrivals", INT32_MAX / 4, &arrivals, err);
    run->seed = (uint64_t)seed;
    run->arrivals = (int32_t)arrivals;
    return rc;
}

int event_reader_next_run(struct event_reader *reader, struct err *err)
{
    json_t *object;
    int rc = lines_next(&reader->lines, err);

    if (rc <= 0)
        return rc;
    rc = parse_object(reader, &object, err);
    if (rc)
        return rc;
    rc = read_header(reader, object, err);
    json_decref(object);
    reader->run_line = reader->lines.number;
    reader->at_s = 0;
    reader->tasks = 0;
    reader->arrivals = reader->run.arrivals;
    return rc ? rc : 1;
}

static int need_line(struct event_reader *reader, struct err *err)
{
    int rc = lines_next(&reader->lines, err);

    if (rc == 0)
        return err_set(err, ERR_CORRUPT,
                       "%s:%lld: the log breaks off; the run that begins in line %lld has no end",
                       reader->lines.path, (long long)reader->lines.number,
                       (long long)reader->run_line);
    return rc < 0 ? rc : 0;
}

static int find_kind(struct event_reader *reader, const char *word, enum event_kind *out,
                     struct err *err)
{
    const char *words[EVENT_KINDS + 1], *near;

    for (int i = 0; i < EVENT_KINDS; i++)
        words[i] = event_word((enum event_kind)i);
    words[EVENT_KINDS] = "end";
    for (int i = 0; i <= EVENT_KINDS; i++)
        if (strcmp(words[i], word) == 0) {
            *out = (enum event_kind)i;
            return 0;
        }
    near = nearest_name(words, EVENT_KINDS + 1, word);
    return lines_error(&reader->lines, err, ERR_INVALID, "unknown event \"%.60s\"%s%s%s", word,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int read_time(struct event_reader *reader, json_t *object, double *out, struct err *err)
{
    json_t *value = json_object_get(object, "at");

    *out = json_number_value(value);
    if (!json_is_number(value) || !(*out >= 0 && *out <= LATEST_S))
        return lines_error(&reader->lines, err, ERR_INVALID,
                           "\"at\": expected seconds, a number from 0");
    if (*out < reader->at_s)
        return lines_error(&reader->lines, err, ERR_INVALID,
                           "\"at\": %g comes before %g in the line above", *out, reader->at_s);
    reader->at_s = *out;
    return 0;
}

/* Tasks arrive in the order of their ids and are named only afterwards. */
static int read_task(struct event_reader *reader, json_t *object, struct logged_event *event,
                     struct err *err)
{
    int64_t task;
    int rc;

    event->task = -1;
    if (!json_object_get(object, "task") && event->kind != EVENT_ARRIVAL)
        return 0;
    rc = take_int(reader, object, "task", INT32_MAX, &task, err);
    if (rc)
        return rc;
    event->task = (int32_t)task;
    if (event->kind == EVENT_ARRIVAL && task != reader->tasks)
        return lines_error(&reader->lines, err, ERR_INVALID,
                           "task %lld arrives, but the next one is %d", (long long)task,
                           reader->tasks);
    reader->tasks += event->kind == EVENT_ARRIVAL;
    if (task >= reader->tasks)
        return lines_error(&reader->lines, err, ERR_INVALID, "task %lld has not arrived",
                           (long long)task);
    return 0;
}

static int read_event(struct event_reader *reader, json_t *object, struct logged_event *event,
                      struct err *err)
{
    const char *word = json_string_value(json_object_get(object, "event"));
    int rc;

    if (!word)
        return lines_error(&reader->lines, err, ERR_INVALID, "\"event\": expected a word");
    rc = find_kind(reader, word, &event->kind, err);
    if (rc == 0)
        rc = read_time(reader, object, &event->at_s, err);
    return rc ? rc : read_task(reader, object, event, err);
}

int event_reader_skip_arrival(struct event_reader *reader, struct err *err)
{
    reader->arrivals--;
    return need_line(reader, err);
}

int event_reader_next(struct event_reader *reader, struct logged_event *event, struct err *err)
{
    json_t *object;
    int rc = 0;

    while (rc == 0 && reader->arrivals > 0)
        rc = event_reader_skip_arrival(reader, err);
    if (rc == 0)
        rc = need_line(reader, err);
    if (rc == 0)
        rc = parse_object(reader, &object, err);
    if (rc)
        return rc;
    rc = read_event(reader, object, event, err);
    json_decref(object);
    return rc;
}
