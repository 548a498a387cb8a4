/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger diff: two event logs side by side. */
#include <stdio.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "report/event_diff.h"
#include "report/table.h"

static void emit_pair(struct emit *e, const char *key, int64_t a, int64_t b)
{
    emit_key(e, key);
    emit_open(e, '[');
    emit_int(e, a);
    emit_int(e, b);
    emit_close(e);
}

static void emit_run(struct emit *e, const struct run_diff *run)
{
    emit_open(e, '{');
    emit_key(e, "policy");
    emit_open(e, '[');
    emit_string(e, run->policy[0]);
    emit_string(e, run->policy[1]);
    emit_close(e);
    emit_pair(e, "seed", (int64_t)run->seed[0], (int64_t)run->seed[1]);
    emit_key_bool(e, "same_scenario", run->same_config);
    emit_key_bool(e, "same_arrivals", run->same_arrivals);
    emit_pair(e, "tasks", run->tasks[0], run->tasks[1]);
    emit_key(e, "events");
    emit_open(e, '{');
    for (int i = 0; i < EVENT_KINDS; i++)
        if (run->events[0][i] || run->events[1][i])
            emit_pair(e, event_word((enum event_kind)i), run->events[0][i], run->events[1][i]);
    emit_close(e);
    emit_key_int(e, "finished_in_both", run->both);
    emit_key_int(e, "alike", run->alike);
    emit_key_int(e, "earlier", run->earlier);
    emit_key_int(e, "later", run->later);
    emit_key(e, "mean_completion_s");
    emit_open(e, '[');
    emit_real(e, run->mean_s[0]);
    emit_real(e, run->mean_s[1]);
    emit_close(e);
    emit_key_real(e, "largest_difference_s", run->largest_s);
    emit_key_int(e, "largest_difference_task", run->largest_task);
    emit_close(e);
}

static void print_json(const struct event_diff *diff, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.diff/1");
    emit_key_bool(&e, "same", !diff->differs);
    if (diff->text[0]) {
        emit_pair(&e, "line", diff->line[0], diff->line[1]);
        emit_key(&e, "text");
        emit_open(&e, '[');
        emit_string(&e, diff->text[0]);
        emit_string(&e, diff->text[1]);
        emit_close(&e);
    }
    emit_pair(&e, "runs", diff->runs[0], diff->runs[1]);
    emit_key(&e, "run");
    emit_open(&e, '[');
    for (int i = 0; i < diff->run_diffs; i++)
        emit_run(&e, &diff->run[i]);
    emit_close(&e);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void print_counts(const struct run_diff *run, struct text *out)
{
    text_add(out, "    events     ");
    for (int i = 0; i < EVENT_KINDS; i++) {
        int64_t a = run->events[0][i], b = run->events[1][i];

        if (a == b && a > 0)
            text_printf(out, " %s %lld", event_word((enum event_kind)i), (long long)a);
        else if (a != b)
            text_printf(out, " %s %lld/%lld", event_word((enum event_kind)i), (long long)a,
                        (long long)b);
    }
    text_add_char(out, '\n');
}

static void print_run(const struct run_diff *run, int number, struct text *out)
{
    text_printf(out, "\n  run %d: A %s, seed %llu; B %s, seed %llu%s%s\n", number, run->policy[0],
                (unsigned long long)run->seed[0], run->policy[1], (unsigned long long)run->seed[1],
                run->same_config ? "" : "; other scenario",
                run->same_arrivals ? "" : "; other arrivals");
    print_counts(run, out);
    text_printf(out,
                "    completion  %d tasks finished in both: %d alike, %d earlier in B, %d later\n",
                run->both, run->alike, run->earlier, run->later);
    if (run->both == 0)
        return;
    text_add(out, "    mean        A ");
    table_figure(out, run->mean_s[0]);
    text_add(out, " s, B ");
    table_figure(out, run->mean_s[1]);
    text_add(out, " s");
    if (run->largest_task >= 0)
        text_printf(out, "; most: task %d by %+g s", run->largest_task, run->largest_s);
    text_add_char(out, '\n');
}

static void print_text(const struct event_diff *diff, const char *a, const char *b,
                       struct text *out)
{
    if (!diff->differs) {
        text_printf(out, "%s and %s are the same: %d run%s\n", a, b, diff->runs[0],
                    diff->runs[0] == 1 ? "" : "s");
        return;
    }
    if (diff->text[0])
        text_printf(out, "first difference\n  A %s:%lld: %.400s\n  B %s:%lld: %.400s\n", a,
                    (long long)diff->line[0], diff->text[0], b, (long long)diff->line[1],
                    diff->text[1]);
    else
        text_printf(out, "the headers differ, the events do not\n");
    if (diff->runs[0] != diff->runs[1])
        text_printf(out, "  A has %d runs, B has %d\n", diff->runs[0], diff->runs[1]);
    for (int i = 0; i < diff->run_diffs; i++)
        print_run(&diff->run[i], i + 1, out);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *a = arguments_string(args, "a"), *b = arguments_string(args, "b");
    struct event_diff diff;
    struct text out;
    int rc = event_diff_make(&diff, a, b, err), code = EXIT_FAILED;

    text_init(&out, 0);
    if (rc == 0) {
        if (arguments_want_json(args))
            print_json(&diff, &out);
        else
            print_text(&diff, a, b, &out);
        code = diff.differs ? EXIT_FAILED : EXIT_DONE;
    }
    fputs(out.bytes, stdout);
    text_release(&out);
    event_diff_release(&diff);
    return code;
}

static const struct example examples[] = {
    {"tapfinger diff before.jsonl after.jsonl", "what a change of a policy did, task by task"},
    {0},
};

static const struct option_spec options[] = {
    {"a", OPTION_STRING, .choices = "A", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "an event log"},
    {"b", OPTION_STRING, .choices = "B", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "another"},
    {0},
};

const struct command command_diff = {
    .name = "diff",
    .summary = "compare two event logs",
    .description = "Says where the two first differ, and for every run, the first with the first "
                   "and so on, how the tasks' completion times differ. Exit code 0 if the logs "
                   "are the same, 1 if not or if one is damaged.",
    .examples = examples,
    .options = options,
    .run = run,
};
