/* SPDX-License-Identifier: Apache-2.0 */
/* No label holds a job, a name or a user: their number has no bound. */
#include "serve/metrics.h"

#include <math.h>

#include "base/text.h"
#include "base/version.h"
#include "serve/daemon.h"
#include "serve/explain.h"
#include "serve/http.h"

static void head(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_jobs(struct daemon *daemon, struct text *out)
{
    int64_t count[JOB_STATES] = {0}, reason[REASONS] = {0}, oldest_us = 0;

    for (size_t i = 0; i < daemon->book.jobs.count; i++) {
        struct job *job = daemon->book.jobs.item[i];

        for (int state = 0; state < JOB_STATES; state++)
            count[state] += job->count[state];
        if (!job->count[JOB_PENDING] && !job->count[JOB_HELD])
            continue;
        if (job->count[JOB_PENDING] && (!oldest_us || job->submitted_us < oldest_us))
            oldest_us = job->submitted_us;
        for (int32_t t = 0; t < job->tasks; t++)
            if (explain_reason(daemon, &job->task[t]) < REASONS)
                reason[explain_reason(daemon, &job->task[t])]++;
    }
    head(out, "tapfinger_tasks", "gauge",
         "Tasks by state, finished ones as long as they are kept.");
    for (int state = 0; state < JOB_STATES; state++)
        text_printf(out, "tapfinger_tasks{state=\"%s\"} %lld\n",
                    job_state_word((enum job_state)state), (long long)count[state]);
    head(out, "tapfinger_pending_tasks", "gauge", "Tasks that wait, by their foremost reason.");
    for (int at = 0; at < REASONS; at++)
        text_printf(out, "tapfinger_pending_tasks{reason=\"%s\"} %lld\n",
                    reason_word((enum reason)at), (long long)reason[at]);
    head(out, "tapfinger_oldest_pending_seconds", "gauge", "Age of the oldest waiting task.");
    text_printf(out, "tapfinger_oldest_pending_seconds %.3f\n",
                oldest_us ? (double)(book_now_us() - oldest_us) / 1e6 : 0);
}

static void print_amounts(const struct daemon *daemon, struct text *out, const char *name, int r,
                          double unit)
{
    char full[80];

    for (int which = 0; which < 2; which++) {
        snprintf(full, sizeof full, "tapfinger_cluster_%s_%s", name,
                 which ? "allocated" : "capacity");
        head(out, full, "gauge", which ? "Held by tasks." : "What the cluster has.");
        for (int c = 0; c < daemon->site.clusters; c++) {
            int32_t all = daemon->site.cluster[c].capacity.amount[r];
            int32_t free = daemon->live.cluster_view[c].free.amount[r];

            text_printf(out, "%s{cluster=\"%s\"} %.0f\n", full, daemon->site.cluster[c].name,
                        unit * (which ? all - free : all));
        }
    }
}

static void print_counters(const struct daemon *daemon, struct text *out)
{
    const struct book_counts *counts = &daemon->book.counts;

    head(out, "tapfinger_tasks_submitted_total", "counter", "Tasks accepted since the start.");
    text_printf(out, "tapfinger_tasks_submitted_total %lld\n", (long long)counts->submitted);
    head(out, "tapfinger_tasks_finished_total", "counter", "Tasks that came to a final state.");
    for (int state = 0; state < JOB_STATES; state++)
        if (job_state_is_final((enum job_state)state))
            text_printf(out, "tapfinger_tasks_finished_total{outcome=\"%s\"} %lld\n",
                        job_state_word((enum job_state)state), (long long)counts->finished[state]);
    head(out, "tapfinger_task_retries_total", "counter", "Failed tasks that were tried again.");
    text_printf(out, "tapfinger_task_retries_total %lld\n", (long long)counts->retries);
    head(out, "tapfinger_policy_fallbacks_total", "counter", "Decisions that took too long.");
    text_printf(out, "tapfinger_policy_fallbacks_total{cause=\"overrun\"} %lld\n",
                (long long)daemon->live.counts.overruns);
    head(out, "tapfinger_plan_refusals_total", "counter", "Parts of plans that broke a rule.");
    text_printf(out, "tapfinger_plan_refusals_total %lld\n",
                (long long)daemon->live.counts.refused);
    head(out, "tapfinger_backend_errors_total", "counter",
         "Starts, stops and resizes that failed.");
    text_printf(out, "tapfinger_backend_errors_total %lld\n",
                (long long)daemon->runner.backend_errors);
    head(out, "tapfinger_store_commits_total", "counter", "Transactions written.");
    text_printf(out, "tapfinger_store_commits_total %lld\n", (long long)daemon->commits);
    head(out, "tapfinger_store_writable", "gauge", "1 unless the last commit failed.");
    text_printf(out, "tapfinger_store_writable %d\n", daemon->store_trouble == NULL);
}

static void print_decisions(const struct daemon *daemon, struct text *out)
{
    const struct live_counts *counts = &daemon->live.counts;
    int64_t sum = 0;

    head(out, "tapfinger_decision_duration_seconds", "histogram", "Time the policy took.");
    for (int i = 0; i < 8; i++) {
        sum += counts->decision_bucket[i];
        if (live_decision_bounds[i] == HUGE_VAL)
            text_printf(out, "tapfinger_decision_duration_seconds_bucket{le=\"+Inf\"} %lld\n",
                        (long long)sum);
        else
            text_printf(out, "tapfinger_decision_duration_seconds_bucket{le=\"%g\"} %lld\n",
                        live_decision_bounds[i], (long long)sum);
    }
    text_printf(out, "tapfinger_decision_duration_seconds_sum %.6f\n", counts->decision_s);
    text_printf(out, "tapfinger_decision_duration_seconds_count %lld\n",
                (long long)counts->decisions);
}

static void print_http(const struct daemon *daemon, struct text *out)
{
    const struct http_count *count;
    int counts;

    count = http_counts(daemon->http, &counts);
    head(out, "tapfinger_http_requests_total", "counter", "Requests by route and status.");
    for (int i = 0; i < counts; i++)
        text_printf(out, "tapfinger_http_requests_total{route=\"%s\",code=\"%d\"} %lld\n",
                    count[i].route, count[i].status, (long long)count[i].count);
    head(out, "tapfinger_http_request_seconds_total", "counter", "Time until they were answered.");
    for (int i = 0; i < counts; i++)
        text_printf(out, "tapfinger_http_request_seconds_total{route=\"%s\",code=\"%d\"} %.6f\n",
                    count[i].route, count[i].status, count[i].seconds);
    head(out, "tapfinger_sse_clients", "gauge", "Who listens to events.");
    text_printf(out, "tapfinger_sse_clients %d\n", http_stream_count(daemon->http));
}

void metrics_print(struct daemon *daemon, struct text *out)
{
    print_jobs(daemon, out);
    print_amounts(daemon, out, "cpus", SITE_CPU, 1);
    print_amounts(daemon, out, "gpus", SITE_GPU, 1);
    if (daemon->site.has_mem)
        print_amounts(daemon, out, "memory_bytes", SITE_MEM, (double)SITE_MEM_UNIT_BYTES);
    head(out, "tapfinger_cluster_up", "gauge", "1 unless the cluster is drained.");
    for (int c = 0; c < daemon->site.clusters; c++)
        text_printf(out, "tapfinger_cluster_up{cluster=\"%s\"} %d\n", daemon->site.cluster[c].name,
                    !daemon->live.cluster[c].draining);
    print_counters(daemon, out);
    print_decisions(daemon, out);
    print_http(daemon, out);
    head(out, "tapfinger_build_info", "gauge", "Which build this is.");
    text_printf(out, "tapfinger_build_info{version=\"%s\",commit=\"%s\"} 1\n", version_number(),
                version_commit());
}
