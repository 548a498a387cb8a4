/* SPDX-License-Identifier: Apache-2.0 */
/* The route that a Gantt chart is drawn from: what ran where and with how much, and what is
 * expected. */
#include "serve/job_answer.h"
#include "serve/quantity.h"

enum { SPELLS_MOST = 64, PLANNED_MOST = 200 };

static void emit_moment(struct emit *e, const char *key, int64_t at_us)
{
    emit_key(e, key);
    quantity_emit_time(e, at_us);
}

/* A task's life in pieces of one allocation each, the last ones of very many. */
static void emit_spells(struct emit *e, const struct job_task *task, const struct site *site)
{
    const struct history *history = &task->history;
    size_t first = history->list.count > SPELLS_MOST ? history->list.count - SPELLS_MOST : 0;

    emit_key(e, "spells");
    emit_open(e, '[');
    for (size_t i = first; i < history->list.count; i++) {
        const struct spell *spell = &history->list.item[i];
        int64_t end_us = job_state_is_final(task->state) ? task->ended_us : 0;

        if (spell->cluster < 0)
            continue;
        emit_open(e, '{');
        emit_moment(e, "from", spell->at_us);
        emit_moment(e, "to", i + 1 < history->list.count ? spell[1].at_us : end_us);
        emit_key_string(e, "cluster", site->cluster[spell->cluster].name);
        emit_key(e, "allocation");
        job_emit_allocation(e, &spell->allocation, site);
        emit_close(e);
    }
    emit_close(e);
}

static void emit_owner(struct emit *e, const struct job *job)
{
    emit_key_string(e, "name", job->name);
    emit_key_string(e, "type", job->type);
    emit_key_string(e, "user", job->user);
}

static void emit_ran(struct daemon *daemon, struct emit *e, const struct job_task *task)
{
    double in_s[FORECAST_CASES];

    emit_open(e, '{');
    book_emit_task_head(task, e);
    book_emit_task(&daemon->book, task, e);
    forecast_emit(e, "left_s", forecast_ends_in(&daemon->live, task, in_s), in_s);
    emit_owner(e, task->job);
    emit_spells(e, task, &daemon->site);
    emit_close(e);
}

static void emit_planned(struct daemon *daemon, struct emit *e)
{
    const struct live *live = &daemon->live;
    int listed = 0;

    emit_key(e, "planned");
    emit_open(e, '[');
    for (int32_t id = live->lists.first; id >= 0 && listed < PLANNED_MOST;
         id = live->task[id].next_waiting) {
        const struct job_task *task = live->of[id];
        struct forecast_start start;
        enum forecast_by by = forecast_start(&daemon->forecast, task, &start);

        if (by == FORECAST_BY_NOTHING || start.cluster < 0)
            continue;
        emit_open(e, '{');
        book_emit_task_head(task, e);
        emit_owner(e, task->job);
        emit_key_string(e, "cluster", daemon->site.cluster[start.cluster].name);
        emit_key(e, "allocation");
        job_emit_allocation(e, &start.amount, &daemon->site);
        forecast_emit(e, "eta_s", true, start.in_s);
        emit_key_string(e, "eta_by", forecast_by_word(by));
        emit_key(e, "run_s");
        emit_real(e, start.run_s);
        emit_close(e);
        listed++;
    }
    emit_close(e);
}

void route_timeline(struct daemon *daemon, struct request *request, struct reply *reply)
{
    const struct book *book = &daemon->book;
    int64_t limit, listed = 0;
    struct emit e;

    if (!job_answer_number(request, "limit", 500, 1, 5000, &limit, reply))
        return;
    job_answer_open(reply, &e, "tapfinger.timeline/1");
    emit_key(&e, "items");
    emit_open(&e, '[');
    for (size_t i = book->jobs.count; i-- > 0 && listed < limit;) {
        const struct job *job = book->jobs.item[i];

        for (int32_t t = job->tasks; t-- > 0 && listed < limit;)
            if (job->task[t].started_us) {
                emit_ran(daemon, &e, &job->task[t]);
                listed++;
            }
    }
    emit_close(&e);
    emit_planned(daemon, &e);
    job_answer_close(reply, &e);
}
