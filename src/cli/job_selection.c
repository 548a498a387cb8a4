/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job_selection.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "serve/job.h"

enum { RANGE_MOST = 1000 };

static bool read_number(const char **at, long long *out)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    *out = strtoll(*at, &end, 10);
    *at = end;
    return *out <= INT32_MAX;
}

/* "58", "58.3", "58-60", "58.3-8" */
static int expand_word(struct job_selection *selection, const char *word, struct err *err)
{
    long long job = 0, from, to;
    const char *at = word;
    bool member, good = read_number(&at, &from);

    to = from;
    member = good && *at == '.';
    if (member) {
        job = from;
        at++;
        good = read_number(&at, &from);
        to = from;
    }
    if (good && *at == '-') {
        at++;
        good = read_number(&at, &to);
    }
    if (!good || *at || to < from)
        return err_set(err, ERR_INVALID,
                       "\"%.40s\": expected a job, a task or a range: 58, 58.3, 58-60 or 58.3-8",
                       word);
    if (to - from >= RANGE_MOST)
        return err_set(err, ERR_LIMIT, "%.40s: more than %d at once", word, RANGE_MOST);
    for (; from <= to; from++) {
        struct text id;

        text_init(&id, 0);
        if (member)
            text_printf(&id, "%lld.%lld", job, from);
        else
            text_printf(&id, "%lld", from);
        vector_push(&selection->ids, text_take(&id));
    }
    return 0;
}

int job_selection_expand(struct job_selection *selection, const struct option_value *words,
                         struct err *err)
{
    int rc = 0;

    *selection = (struct job_selection){0};
    for (int i = 0; i < words->repeats && rc == 0; i++)
        rc = expand_word(selection, words->repeat[i], err);
    return rc;
}

static int check_states(const char *states, struct err *err)
{
    while (states && *states) {
        size_t length = strcspn(states, ",");

        if (job_state_find(states, length) < 0)
            return err_set(err, ERR_INVALID, "--state: no such state \"%.*s\"",
                           length > 30 ? 30 : (int)length, states);
        states += length + (states[length] == ',');
    }
    return 0;
}

/* How many of a job's tasks are in these states. */
static long long count_tasks(const json_t *job, const char *states)
{
    const json_t *counts = json_object_get(job, "counts");
    long long tasks = 0;

    while (*states) {
        size_t length = strcspn(states, ",");
        int state = job_state_find(states, length);

        if (state >= 0)
            tasks +=
                json_integer_value(json_object_get(counts, job_state_word((enum job_state)state)));
        states += length + (states[length] == ',');
    }
    return tasks;
}

static void take_job(struct job_selection *selection, const json_t *job)
{
    long long tasks = count_tasks(job, selection->state);
    struct text words;

    if (!tasks)
        return;
    text_init(&words, 0);
    text_printf(&words, "%s %s: %lld task%s", client_text(job, "id"), client_text(job, "name"),
                tasks, tasks == 1 ? "" : "s");
    vector_push(&selection->ids, xstrdup(client_text(job, "id")));
    vector_push(&selection->words, text_take(&words));
    selection->tasks += tasks;
}

static void add_filter(struct text *path, struct client *client, const struct arguments *args,
                       const char *flag, const char *initial)
{
    const char *value = arguments_string(args, flag);

    if (!value)
        value = initial;
    if (!value)
        return;
    text_printf(path, "&%s=", flag);
    client_escape(client, value, path);
}

static int find_jobs(struct job_selection *selection, struct client *client,
                     const struct arguments *args, struct err *err)
{
    int code = EXIT_DONE;
    bool more = true;
    char next[40] = "0";

    while (code == EXIT_DONE && more) {
        struct answer answer;
        struct text path;
        size_t at;
        json_t *job;

        text_init(&path, 0);
        text_printf(&path, "/v1/jobs?limit=1000&cursor=%s", next);
        add_filter(&path, client, args, "name", NULL);
        add_filter(&path, client, args, "type", NULL);
        add_filter(&path, client, args, "user", "me");
        code = client_call(client, "GET", path.bytes, NULL, NULL, &answer, err);
        json_array_foreach (json_object_get(answer.doc, "items"), at, job)
            take_job(selection, job);
        snprintf(next, sizeof next, "%s", client_text(answer.doc, "next"));
        more = json_is_string(json_object_get(answer.doc, "next"));
        answer_release(&answer);
        text_release(&path);
    }
    return code;
}

int job_selection_read(struct job_selection *selection, struct client *client,
                       const struct arguments *args, const char *usual, struct err *err)
{
    static const char *const flag[] = {"state", "name", "type", "user"};
    const struct option_value *ids = params_value(&args->own, "id");
    bool filters = false;

    for (size_t i = 0; i < COUNT_OF(flag); i++)
        filters |= arguments_string(args, flag[i]) != NULL;
    *selection = (struct job_selection){0};
    if (check_states(arguments_string(args, "state"), err))
        return EXIT_MISUSED;
    if (!filters && !ids->repeats) {
        err_set(err, ERR_INVALID, "which? Say their numbers, or --state, --name, --type or --user");
        return EXIT_MISUSED;
    }
    if (filters && ids->repeats) {
        err_set(err, ERR_INVALID, "either by number, or by --state, --name, --type and --user");
        return EXIT_MISUSED;
    }
    if (!filters)
        return job_selection_expand(selection, ids, err) ? EXIT_MISUSED : EXIT_DONE;
    selection->state = arguments_string(args, "state");
    if (!selection->state)
        selection->state = usual;
    return find_jobs(selection, client, args, err);
}

void job_selection_release(struct job_selection *selection)
{
    for (size_t i = 0; i < selection->ids.count; i++)
        free(selection->ids.item[i]);
    for (size_t i = 0; i < selection->words.count; i++)
        free(selection->words.item[i]);
    vector_release(&selection->ids);
    vector_release(&selection->words);
}

void job_selection_fold(const json_t *ids, struct text *out)
{
    int64_t job, before_job = 0, first = 0, before = -2;
    bool member = false;

    for (size_t i = 0; i <= json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        bool was_member = member;
        int32_t index = -1;

        job = 0;
        if (id)
            job_read_id(id, &job, &index);
        member = index >= 0;
        if (i > 0 && member && was_member && job == before_job && index == before + 1) {
            before = index;
            continue;
        }
        if (i > 0 && before > first)
            text_printf(out, "-%lld", (long long)before);
        if (!id)
            break;
        text_printf(out, "%s%s", i ? " " : "", id);
        before_job = job;
        first = before = index;
    }
}
