/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger replay: does this program still do what an event log says? */
#include <stdio.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/progress_bar.h"
#include "report/event_replay.h"

static void print_json(const struct replay *replay, const char *path)
{
    struct text out;
    struct emit e;

    text_init(&out, 0);
    emit_init(&e, &out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.replay/1");
    emit_key_string(&e, "log", path);
    emit_key_bool(&e, "agrees", !replay->differs);
    emit_key_int(&e, "runs", replay->runs);
    emit_key_int(&e, "lines", replay->lines);
    emit_key(&e, "line");
    if (replay->differs)
        emit_int(&e, replay->line);
    else
        emit_null(&e);
    emit_key_string(&e, "logged", replay->logged);
    emit_key_string(&e, "now", replay->now);
    emit_close(&e);
    text_add_char(&out, '\n');
    fputs(out.bytes, stdout);
    text_release(&out);
}

static void print_text(const struct replay *replay, const char *path)
{
    if (replay->differs)
        printf("%s:%lld: differs, after %lld lines that agree\n  logged  %s\n  now     %s\n", path,
               (long long)replay->line, (long long)replay->lines, replay->logged, replay->now);
    else
        printf("%s: all %lld lines of %d run%s agree\n", path, (long long)replay->lines,
               replay->runs, replay->runs == 1 ? "" : "s");
}

static int run(const struct arguments *args, struct err *err)
{
    const char *path = arguments_string(args, "log");
    struct progress_bar *bar = bar_begin(0, 0, "runs");
    struct replay replay;
    int rc = replay_log(&replay, path, bar_stop(bar), err), code = EXIT_FAILED;

    bar_end(bar);
    if (rc == 0) {
        if (arguments_want_json(args))
            print_json(&replay, path);
        else
            print_text(&replay, path);
        code = replay.differs ? EXIT_FAILED : EXIT_DONE;
    }
    if (replay.version[0])
        fprintf(stderr, "tapfinger replay: the log was written by version %s, this is %s\n",
                replay.version, version_number());
    replay_release(&replay);
    return code;
}

static const struct example examples[] = {
    {"tapfinger simulate hetero-6 -p knee --seeds 1 --events knee.jsonl", "write a log"},
    {"tapfinger replay knee.jsonl", "run it again and compare"},
    {0},
};

static const struct option_spec options[] = {
    {"log", OPTION_STRING, .choices = "FILE", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "an event log that simulate --events wrote"},
    {0},
};

const struct command command_replay = {
    .name = "replay",
    .summary = "run an event log again and say where it differs",
    .description = "A log holds all that its runs were made from. Each is run again, and every "
                   "event must be the next line of the log, byte for byte. Exit code 0 if all "
                   "lines agree, 1 if one differs or the log is damaged.",
    .examples = examples,
    .options = options,
    .run = run,
};
