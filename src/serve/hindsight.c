/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparison simulates the site's log once under each policy that could decide here, and looks
 * at the tasks that really finished: their mean completion time then, and in each simulation. The
 * policy that decides comes first; how far its simulation is from what happened says how much the
 * others' figures are worth. The errand writes one JSON object per line, first the facts, then one
 * line per policy as soon as it is known.
 */
#include "serve/hindsight.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/lines.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "policy/spec.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/quantity.h"
#include "serve/site_log.h"
#include "sim/arrivals.h"
#include "sim/episode.h"
#include "sim/metrics.h"

enum {
    COMPARED_TASKS = 500, /* the latest */
    RECORD_TASKS = 10000000,
    LINE_BYTES = 1 << 27,
};

static const double COMPARE_EVERY_S = 30;
static const int64_t DAY_US = (int64_t)86400 * 1000000;

/* In the fork. */

struct recording {
    struct live *live;
    int64_t since_us;
};

static void write_all(int out, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t wrote = write(out, bytes, count);

        if (wrote < 0)
            return;
        bytes += wrote;
        count -= (size_t)wrote;
    }
}

/* An error is a line that begins with "!". */
static void write_record(void *arg, int out)
{
    const struct recording *recording = arg;
    struct site_log log;
    struct err err;

    if (site_log_make(&log, recording->live, recording->since_us, RECORD_TASKS, &err)) {
        write_all(out, "!", 1);
        write_all(out, err.message, strlen(err.message));
    } else {
        write_all(out, log.text.bytes, log.text.length);
    }
    site_log_release(&log);
}

/* One simulation of the log. */
struct rerun {
    const struct site_log *log;
    struct scenario *scenario;
    struct arrivals arrivals;
    double *finished_s; /* by task; -1: not */
};

static void note_finish(void *arg, const struct event *event)
{
    struct rerun *rerun = arg;

    if (event->kind == EVENT_FINISH)
        rerun->finished_s[event->task] = event->time_s;
}

/* Mean completion time over the tasks that really finished; HUGE_VAL if one of them does not. */
static double mean_of(const struct rerun *rerun)
{
    double sum_s = 0;
    int64_t count = 0;

    for (int32_t id = 0; id < rerun->log->tasks; id++)
        if (rerun->log->real_s[id] >= 0) {
            if (rerun->finished_s[id] < 0)
                return HUGE_VAL;
            sum_s += rerun->finished_s[id] - rerun->arrivals.item[id].time_s;
            count++;
        }
    return count ? sum_s / (double)count : HUGE_VAL;
}

static json_t *simulate(struct rerun *rerun, const char *policy)
{
    json_t *doc = json_object();
    struct episode episode;
    struct metrics metrics;
    struct policy_spec spec;
    struct err err;
    double mean_s;
    int rc = policy_spec_parse(&spec, policy, &err);

    json_object_set_new(doc, "policy", json_string(policy));
    if (rc == 0) {
        struct contender contender = {spec.ops, &spec.params, spec.model};

        for (int32_t id = 0; id < rerun->log->tasks; id++)
            rerun->finished_s[id] = -1;
        episode_init(&episode, rerun->scenario);
        world_watch(episode.world, note_finish, rerun);
        rc = episode_run(&episode, &contender, 1, &rerun->arrivals, &metrics, &err);
        episode_release(&episode);
        policy_spec_release(&spec);
    }
    mean_s = rc ? HUGE_VAL : mean_of(rerun);
    json_object_set_new(doc, "mean_s", mean_s < HUGE_VAL ? json_real(mean_s) : json_null());
    if (rc)
        json_object_set_new(doc, "trouble", json_string(err.message));
    return doc;
}

static void write_line(int out, json_t *doc)
{
    char *words = json_dumps(doc, JSON_COMPACT);

    if (words) {
        write_all(out, words, strlen(words));
        write_all(out, "\n", 1);
    }
    free(words);
    json_decref(doc);
}

static void write_facts(int out, const struct site_log *log)
{
    double sum_s = 0;
    int32_t finished = 0;

    for (int32_t id = 0; id < log->tasks; id++)
        if (log->real_s[id] >= 0) {
            sum_s += log->real_s[id];
            finished++;
        }
    write_line(out, json_pack("{s:i, s:i, s:o}", "tasks", log->tasks, "finished", finished,
                              "real_mean_s", finished ? json_real(sum_s / finished) : json_null()));
}

static int open_rerun(struct rerun *rerun, const struct site_log *log, struct err *err)
{
    const char *end = memchr(log->text.bytes, '\n', log->text.length);
    size_t header = (size_t)(end - log->text.bytes) + 1;
    json_t *doc = json_loadb(log->text.bytes, header, 0, NULL);
    const char *config = json_string_value(json_object_get(doc, "config"));
    struct lines lines;
    int rc;

    *rerun = (struct rerun){.log = log};
    arrivals_init(&rerun->arrivals);
    rerun->finished_s = xcalloc((size_t)log->tasks, sizeof *rerun->finished_s);
    rc = scenario_parse(&rerun->scenario, "site", "", config ? config : "", NULL, 0, err);
    json_decref(doc);
    if (rc)
        return rc;
    rc = lines_open_memory(&lines, "log", end + 1, log->text.length - header, LINE_BYTES, err);
    if (rc == 0)
        rc = arrivals_read_lines(&rerun->arrivals, rerun->scenario, &lines, log->tasks, 1, err);
    lines_close(&lines);
    return rc;
}

static bool could_decide(const struct policy_ops *ops)
{
    return ops->info != INFO_ORACLE || ops->traits & POLICY_MODEL;
}

static void write_comparison(void *arg, int out)
{
    struct live *live = arg;
    struct site_log log;
    struct rerun rerun;
    struct err err;
    int rc = site_log_make(&log, live, clock_us(CLOCK_REALTIME) - DAY_US, COMPARED_TASKS, &err);

    if (rc == 0) {
        write_facts(out, &log);
        rc = open_rerun(&rerun, &log, &err);
    }
    if (rc) {
        write_line(out, json_pack("{s:s}", "trouble", err.message));
        return;
    }
    write_line(out, simulate(&rerun, live->spec.label));
    for (int i = 0; policies[i]; i++)
        if (could_decide(policies[i]) && strcmp(policies[i]->name, live->spec.label) != 0)
            write_line(out, simulate(&rerun, policies[i]->name));
}

/* In the daemon. */

void hindsight_open(struct hindsight *h, struct live *live, int epoll)
{
    *h = (struct hindsight){.live = live, .epoll = epoll};
    text_init(&h->last, 0);
}

void hindsight_close(struct hindsight *h)
{
    if (!h->live)
        return;
    errand_close(&h->record);
    errand_close(&h->comparison);
    text_release(&h->last);
}

static int start(struct hindsight *h, struct errand *errand, errand_fn *fn, void *arg,
                 struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    int rc = errand_start(errand, fn, arg, err);

    if (rc == 0)
        epoll_ctl(h->epoll, EPOLL_CTL_ADD, errand->pipe, &event);
    return rc;
}

bool hindsight_poll(struct hindsight *h)
{
    bool recorded = errand_poll(&h->record), compared = errand_poll(&h->comparison);

    return recorded || compared;
}

int hindsight_record(struct hindsight *h, int64_t since_us, double waited_s,
                     const struct text **out, struct err *err)
{
    struct recording recording = {h->live, since_us};
    const struct text *log = &h->record.out;

    if (h->record.pid)
        return 0;
    if (!(h->record.began_s > 0) || h->since_us != since_us ||
        h->record.began_s < clock_s(CLOCK_MONOTONIC) - waited_s) {
        h->since_us = since_us;
        return start(h, &h->record, write_record, &recording, err);
    }
    if (log->length == 0)
        return err_set(err, ERR_IO, "the log could not be made");
    if (log->bytes[0] == '!')
        return err_set(err, ERR_NOT_FOUND, "%s", log->bytes + 1);
    *out = log;
    return 1;
}

static void begin_comparison(struct hindsight *h)
{
    struct err err;

    text_reset(&h->last);
    text_add_bytes(&h->last, h->comparison.out.bytes ? h->comparison.out.bytes : "",
                   h->comparison.out.length);
    h->last_us = h->began_us;
    h->version = h->live->book->version;
    h->began_us = clock_us(CLOCK_REALTIME);
    start(h, &h->comparison, write_comparison, h->live, &err);
}

/* All complete lines, the first of them as the document's own keys. */
static json_t *read_comparison(const struct text *text)
{
    json_t *doc = NULL, *items = json_array();
    const char *at = text->bytes, *end;

    while (at && (end = strchr(at, '\n'))) {
        json_t *one = json_loadb(at, (size_t)(end - at), 0, NULL);

        if (!doc)
            doc = one;
        else
            json_array_append_new(items, one);
        at = end + 1;
    }
    if (!doc)
        doc = json_object();
    json_object_set_new(doc, "items", items);
    return doc;
}

json_t *hindsight_comparison(struct hindsight *h)
{
    int64_t now_us = clock_us(CLOCK_REALTIME), made_us;
    bool old = h->version != h->live->book->version &&
               (double)(now_us - h->began_us) / 1e6 > COMPARE_EVERY_S,
         again;
    json_t *doc;

    if (!h->comparison.pid && (!h->began_us || old))
        begin_comparison(h);
    again = h->comparison.pid && h->last.length; /* until then the last one counts */
    doc = read_comparison(again ? &h->last : &h->comparison.out);
    made_us = again ? h->last_us : h->began_us;
    json_object_set_new(doc, "schema", json_string("tapfinger.comparison/1"));
    json_object_set_new(doc, "state", json_string(h->comparison.pid ? "running" : "ready"));
    json_object_set_new(doc, "policy", json_string(h->live->spec.label));
    json_object_set_new(doc, "made_at", quantity_time_json(made_us));
    json_object_set_new(doc, "age_s", json_real(fmax(0, (double)(now_us - made_us) / 1e6)));
    return doc;
}
