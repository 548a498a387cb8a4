/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fork has the whole world to itself: it changes the policy and decides as the daemon would,
 * and tells what that would have started, resized and stopped. Nothing of it is recorded or done,
 * and a policy that does not come back holds up nobody but who asked.
 */
#include "serve/rehearsal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/emit.h"
#include "base/err.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/site.h"

struct attempt {
    struct live *live;
    const char *policy;
};

/* What a task held before. */
struct held {
    const struct job_task *of;
    struct allocation allocation;
};

/* In the fork. */

static struct held *note_held(const struct live *live)
{
    struct held *held = xcalloc((size_t)live->tasks + 1, sizeof *held);

    for (int32_t id = 0; id < live->tasks; id++)
        held[id] = (struct held){live->of[id], live->task[id].allocation};
    return held;
}

static void emit_act(struct emit *e, const struct live *live, const struct act *act,
                     const struct held *before)
{
    const struct job_task *of = act->task;
    bool starts = act->kind == ACT_START, stops = act->kind == ACT_STOP;

    emit_open(e, '{');
    book_emit_task_head(of, e);
    emit_key_string(e, "name", of->job->name);
    emit_key_string(e, "type", of->job->type);
    emit_key_string(e, "action",
                    starts            ? "start"
                    : !stops          ? "resize"
                    : of->move_to < 0 ? "preempt"
                                      : "migrate");
    emit_key_string(e, "cluster", live->site->cluster[of->cluster].name);
    emit_key(e, "before");
    if (starts)
        emit_null(e);
    else
        job_emit_allocation(e, &before->allocation, live->site);
    emit_key(e, "allocation");
    if (stops)
        emit_null(e);
    else
        job_emit_allocation(e, &of->allocation, live->site);
    emit_key_string(e, "to",
                    stops && of->move_to >= 0 ? live->site->cluster[of->move_to].name : NULL);
    emit_close(e);
}

static void emit_acts(struct emit *e, const struct live *live, struct held *held)
{
    emit_key(e, "items");
    emit_open(e, '[');
    for (size_t i = 0; i < live->acts.count; i++) {
        const struct act *act = &live->acts.item[i];
        struct held *before = act->task->world >= 0 ? &held[act->task->world] : NULL;

        if (!before || !before->of)
            continue;
        emit_act(e, live, act, before);
        before->of = NULL; /* one that gives back here and takes there is told once */
    }
    emit_close(e);
}

static void write_all(int file, const struct text *text)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t wrote = write(file, text->bytes + at, text->length - at);

        if (wrote <= 0)
            return;
        at += (size_t)wrote;
    }
}

static void rehearse(void *arg, int out)
{
    struct attempt *attempt = arg;
    struct live *live = attempt->live;
    struct text words;
    struct held *held;
    struct emit e;
    struct err err;
    double began_s;

    text_init(&words, 0);
    live->book->listener = NULL;
    live->watchdog = NULL;
    vector_clear(&live->acts);
    if (live_set_policy(live, attempt->policy, &err)) {
        text_printf(&words, "!%s", err.message);
        write_all(out, &words);
        return;
    }
    held = note_held(live);
    emit_init(&e, &words);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.rehearsal/1");
    emit_key_string(&e, "policy", live->spec.label);
    emit_key_int(&e, "waiting", live->lists.count);
    emit_key_int(&e, "running", live->view.running);
    began_s = clock_s(CLOCK_MONOTONIC);
    live_decide(live);
    emit_key_real(&e, "took_s", clock_s(CLOCK_MONOTONIC) - began_s);
    emit_key_string(&e, "fallback", live->fallback_spec.label);
    emit_key_string(&e, "trouble", live->trouble);
    emit_acts(&e, live, held);
    emit_close(&e);
    text_add_char(&words, '\n');
    write_all(out, &words);
}

/* In the daemon. */

void rehearsal_open(struct rehearsal *r, struct live *live, int epoll)
{
    *r = (struct rehearsal){.live = live, .epoll = epoll};
}

void rehearsal_close(struct rehearsal *r)
{
    errand_close(&r->errand);
    free(r->policy);
    *r = (struct rehearsal){0};
}

bool rehearsal_poll(struct rehearsal *r)
{
    return errand_poll(&r->errand);
}

static int begin(struct rehearsal *r, const char *policy, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct attempt attempt = {r->live, policy};
    int rc = errand_start(&r->errand, rehearse, &attempt, err);

    if (rc)
        return rc;
    free(r->policy);
    r->policy = xstrdup(policy);
    epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->errand.pipe, &event);
    return 0;
}

int rehearsal_show(struct rehearsal *r, const char *policy, double waited_s,
                   const struct text **out, struct err *err)
{
    const struct text *words = &r->errand.out;

    if (r->errand.pid)
        return 0;
    if (!r->policy || strcmp(r->policy, policy) != 0 ||
        r->errand.began_s < clock_s(CLOCK_MONOTONIC) - waited_s)
        return begin(r, policy, err);
    if (words->length == 0)
        return err_set(err, ERR_IO, "policy %s did not come back from its decision", policy);
    if (words->bytes[0] == '!')
        return err_set(err, ERR_INVALID, "%s", words->bytes + 1);
    *out = words;
    return 1;
}
