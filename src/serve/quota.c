/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only tasks that their user has room for are shown to the policy, which knows nothing of users.
 * The world holds no more of them than quotas allow, so they are counted there each time.
 */
#include "serve/quota.h"

#include <string.h>

#include "serve/book.h"
#include "serve/live.h"
#include "serve/site.h"

static bool same_user(const struct job *a, const struct job *b)
{
    return a->uid == b->uid;
}

static bool goes_beyond(int32_t limit, int64_t held, int32_t more)
{
    return limit >= 0 && held + more > limit;
}

bool quota_has_room(struct live *live, struct job_task *task)
{
    const struct site_quota *quota = site_quota(live->site, task->job->user);
    struct allocation min, max;
    int64_t tasks = 0, cpu = 0, gpu = 0;

    if (!live->site->has_quota)
        return true;
    for (int32_t id = 0; id < live->tasks; id++) {
        if (!live->of[id] || !same_user(live->of[id]->job, task->job))
            continue;
        tasks++;
        cpu += live->task[id].max.amount[SITE_CPU];
        gpu += live->task[id].max.amount[SITE_GPU];
    }
    live_set_limits(live, task, &min, &max);
    return !goes_beyond(quota->running, tasks, 1) &&
           !goes_beyond(quota->cpu, cpu, max.amount[SITE_CPU]) &&
           !goes_beyond(quota->gpu, gpu, max.amount[SITE_GPU]);
}

static void cut(int32_t *amount, int32_t limit)
{
    if (limit >= 0 && *amount > limit)
        *amount = limit;
}

void quota_cut(const struct live *live, const struct job *job, struct allocation *max)
{
    const struct site_quota *quota = site_quota(live->site, job->user);

    cut(&max->amount[SITE_CPU], quota->cpu);
    cut(&max->amount[SITE_GPU], quota->gpu);
}

int64_t quota_left(const struct book *book, const char *user)
{
    const struct site_quota *quota = site_quota(book->site, user);
    int64_t left = quota->pending;

    if (left < 0)
        return -1;
    for (size_t i = 0; i < book->jobs.count && left > 0; i++) {
        const struct job *job = book->jobs.item[i];

        if (job->user && user && strcmp(job->user, user) == 0)
            for (int state = 0; state < JOB_STATES; state++)
                if (!job_state_is_final((enum job_state)state))
                    left -= job->count[state];
    }
    return left > 0 ? left : 0;
}
