/* SPDX-License-Identifier: Apache-2.0 */
/* No label holds a job, a name or a user: their number has no bound. */
#include "serve/metrics.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "serve/daemon.h"
#include "serve/explain.h"
#include "serve/http.h"

static void head(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Jobs that are not over, by state and type. */
static void print_active(const struct daemon *daemon, struct text *out)
{
    const struct live *live = &daemon->live;
    size_t types = live->type_names.count;
    int64_t(*count)[JOB_STATES] = xcalloc(types + 1, sizeof *count);

    for (size_t i = 0; i < daemon->book.jobs.count; i++) {
        const struct job *job = daemon->book.jobs.item[i];
        enum job_state state = job_state(job);
        size_t type = 0;

        if (job_state_is_final(state))
            continue;
        while (type < types && strcmp(live->type_names.item[type], job->type) != 0)
            type++;
        count[type][state]++;
    }
    head(out, "tapfinger_jobs", "gauge", "Jobs that are not over, by state and type.");
    for (size_t type = 0; type < types; type++)
        for (int state = 0; state < JOB_STATES; state++)
            if (!job_state_is_final((enum job_state)state))
                text_printf(out, "tapfinger_jobs{state=\"%s\",type=\"%s\"} %lld\n",
                            job_state_word((enum job_state)state), live->type_names.item[type],
                            (long long)count[type][state]);
    free(count);
}

static void print_reasons(struct text *out, const char *name, const char *help,
                          const int64_t count[REASONS])
{
    head(out, name, "gauge", help);
    for (int at = 0; at < REASONS; at++)
        text_printf(out, "%s{reason=\"%s\"} %lld\n", name, reason_word((enum reason)at),
                    (long long)count[at]);
}

static void print_jobs(struct daemon *daemon, struct text *out)
{
    int64_t count[JOB_STATES] = {0}, tasks[REASONS] = {0}, jobs[REASONS] = {0}, oldest_us = 0;

    for (size_t i = 0; i < daemon->book.jobs.count; i++) {
        struct job *job = daemon->book.jobs.item[i];
        enum reason reason;

        for (int state = 0; state < JOB_STATES; state++)
            count[state] += job->count[state];
        if (!job->count[JOB_PENDING] && !job->count[JOB_HELD])
            continue;
        if (job->count[JOB_PENDING] && (!oldest_us || job->submitted_us < oldest_us))
            oldest_us = job->submitted_us;
        reason = explain_reason(daemon, explain_main_task(job));
        if (reason < REASONS)
            jobs[reason]++;
        for (int32_t t = 0; t < job->tasks; t++) {
            reason = explain_reason(daemon, &job->task[t]);
            if (reason < REASONS)
                tasks[reason]++;
        }
    }
    head(out, "tapfinger_tasks", "gauge",
         "Tasks by state, finished ones as long as they are kept.");
    for (int state = 0; state < JOB_STATES; state++)
        text_printf(out, "tapfinger_tasks{state=\"%s\"} %lld\n",
                    job_state_word((enum job_state)state), (long long)count[state]);
    print_reasons(out, "tapfinger_pending_jobs", "Jobs that wait, by their foremost reason.", jobs);
    print_reasons(out, "tapfinger_pending_tasks", "Tasks that wait, by their foremost reason.",
                  tasks);
    head(out, "tapfinger_oldest_pending_seconds", "gauge", "Age of the oldest waiting job.");
    text_printf(out, "tapfinger_oldest_pending_seconds %.3f\n",
                oldest_us ? (double)(clock_us(CLOCK_REALTIME) - oldest_us) / 1e6 : 0);
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

static void print_evictions(const struct tally *tally, struct text *out)
{
    static const char *const reason[] = {"preempt", "migrate", "requeue"};

    head(out, "tapfinger_evictions_total", "counter", "Running tasks that were sent back to wait.");
    for (int i = 0; i < 3; i++)
        text_printf(out, "tapfinger_evictions_total{reason=\"%s\"} %lld\n", reason[i],
                    (long long)tally->evictions[i]);
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
    head(out, "tapfinger_policy_fallbacks_total", "counter",
         "Decisions that the fallback made in the policy's place.");
    text_printf(out, "tapfinger_policy_fallbacks_total{cause=\"overrun\"} %lld\n",
                (long long)daemon->live.counts.overruns);
    text_printf(out, "tapfinger_policy_fallbacks_total{cause=\"hang\"} %lld\n",
                (long long)daemon->live.counts.hangs);
    print_evictions(&daemon->book.tally, out);
    head(out, "tapfinger_plan_refusals_total", "counter", "Parts of plans that broke a rule.");
    text_printf(out, "tapfinger_plan_refusals_total %lld\n",
                (long long)daemon->live.counts.refused);
    head(out, "tapfinger_store_commits_total", "counter", "Transactions written.");
    text_printf(out, "tapfinger_store_commits_total %lld\n", (long long)daemon->commits);
    head(out, "tapfinger_store_writable", "gauge", "1 unless the last commit failed.");
    text_printf(out, "tapfinger_store_writable %d\n", daemon->store_trouble == NULL);
}

static void print_decisions(const struct tally *tally, struct text *out)
{
    char labels[120];

    head(out, "tapfinger_decisions_total", "counter", "What policies decided.");
    for (size_t i = 0; i < tally->decisions.count; i++)
        text_printf(out, "tapfinger_decisions_total{policy=\"%s\",action=\"%s\"} %lld\n",
                    tally->decisions.item[i].policy, tally->decisions.item[i].action,
                    (long long)tally->decisions.item[i].count);
    head(out, "tapfinger_decision_duration_seconds", "histogram", "Time the policy took.");
    for (size_t i = 0; i < tally->policies.count; i++) {
        snprintf(labels, sizeof labels, "policy=\"%.80s\"", tally->policies.item[i].policy);
        histogram_print(&tally->policies.item[i].duration, histogram_brief_s,
                        "tapfinger_decision_duration_seconds", labels, out);
    }
}

static void print_by_type(const struct tally *tally, struct text *out, const char *name,
                          const char *help, const double *bounds, size_t offset)
{
    char labels[120];

    head(out, name, "histogram", help);
    for (size_t i = 0; i < tally->types.count; i++) {
        const struct type_tally *type = &tally->types.item[i];

        snprintf(labels, sizeof labels, "type=\"%.80s\"", type->type);
        histogram_print((const struct histogram *)((const char *)type + offset), bounds, name,
                        labels, out);
    }
}

static void print_types(const struct tally *tally, struct text *out)
{
    head(out, "tapfinger_jobs_submitted_total", "counter", "Jobs accepted since the start.");
    for (size_t i = 0; i < tally->types.count; i++)
        text_printf(out, "tapfinger_jobs_submitted_total{type=\"%s\"} %lld\n",
                    tally->types.item[i].type, (long long)tally->types.item[i].submitted);
    head(out, "tapfinger_jobs_finished_total", "counter", "Jobs that came to an end.");
    for (size_t i = 0; i < tally->types.count; i++)
        for (int state = 0; state < JOB_STATES; state++)
            if (job_state_is_final((enum job_state)state))
                text_printf(out, "tapfinger_jobs_finished_total{type=\"%s\",outcome=\"%s\"} %lld\n",
                            tally->types.item[i].type, job_state_word((enum job_state)state),
                            (long long)tally->types.item[i].finished[state]);
    print_by_type(tally, out, "tapfinger_job_wait_seconds",
                  "From when a task could run to its first start.", histogram_long_s,
                  offsetof(struct type_tally, wait));
    print_by_type(tally, out, "tapfinger_job_completion_seconds",
                  "From a job's submission to its end.", histogram_long_s,
                  offsetof(struct type_tally, completion));
    print_by_type(
        tally, out, "tapfinger_prediction_error_ratio",
        "How far a run that was never resized was from what was expected, in parts of it.",
        histogram_ratio, offsetof(struct type_tally, error));
    head(out, "tapfinger_eta_error_seconds", "histogram",
         "How far a start was from the time that was first said to be likely.");
    histogram_print(&tally->eta_error, histogram_long_s, "tapfinger_eta_error_seconds", "", out);
}

static void print_cluster_seconds(const struct daemon *daemon, struct text *out)
{
    static const char *const resource[] = {"cpu", "gpu"};
    char name[80];

    for (int r = 0; r < 2; r++) {
        snprintf(name, sizeof name, "tapfinger_allocated_%s_seconds_total", resource[r]);
        head(out, name, "counter", "What tasks held, times how long.");
        for (int c = 0; c < daemon->site.clusters; c++)
            text_printf(out, "%s{cluster=\"%s\"} %.3f\n", name, daemon->site.cluster[c].name,
                        daemon->book.tally.cluster[c].held_s[r]);
    }
}

/* Where no driver tells, there is no such figure: a 0 would be a lie. */
static void print_gpus_used(const struct daemon *daemon, struct text *out)
{
    bool known = false;

    for (int c = 0; c < daemon->site.clusters; c++) {
        double used = daemon->book.tally.cluster[c].used_gpus;

        if (used < 0)
            continue;
        if (!known)
            head(out, "tapfinger_cluster_gpus_used", "gauge",
                 "GPUs that are busy, by anybody, of late; only where NVML tells.");
        known = true;
        text_printf(out, "tapfinger_cluster_gpus_used{cluster=\"%s\"} %.3f\n",
                    daemon->site.cluster[c].name, used);
    }
}

static void print_cluster_use(const struct daemon *daemon, struct text *out)
{
    const struct cluster_tally *tally = daemon->book.tally.cluster;

    head(out, "tapfinger_cluster_cpus_used", "gauge", "Processors that tasks use, of late.");
    for (int c = 0; c < daemon->site.clusters; c++)
        text_printf(out, "tapfinger_cluster_cpus_used{cluster=\"%s\"} %.3f\n",
                    daemon->site.cluster[c].name, tally[c].used_cpus);
    print_gpus_used(daemon, out);
    head(out, "tapfinger_cluster_memory_bytes_used", "gauge",
         "Memory that tasks use, where it is known.");
    for (int c = 0; c < daemon->site.clusters; c++)
        if (tally[c].used_bytes >= 0)
            text_printf(out, "tapfinger_cluster_memory_bytes_used{cluster=\"%s\"} %lld\n",
                        daemon->site.cluster[c].name, (long long)tally[c].used_bytes);
    head(out, "tapfinger_cluster_last_seen_timestamp_seconds", "gauge",
         "When the cluster was looked at.");
    for (int c = 0; c < daemon->site.clusters; c++)
        text_printf(out, "tapfinger_cluster_last_seen_timestamp_seconds{cluster=\"%s\"} %.3f\n",
                    daemon->site.cluster[c].name, (double)tally[c].seen_us / 1e6);
    head(out, "tapfinger_fragmented_gpus", "gauge",
         "Free GPUs of a cluster that has no processor free for them.");
    for (int c = 0; c < daemon->site.clusters; c++) {
        const struct allocation *free = &daemon->live.cluster_view[c].free;

        text_printf(out, "tapfinger_fragmented_gpus{cluster=\"%s\"} %d\n",
                    daemon->site.cluster[c].name,
                    free->amount[SITE_CPU] > 0 ? 0 : free->amount[SITE_GPU]);
    }
}

static void print_backends(const struct daemon *daemon, struct text *out)
{
    static const char *const op[OPS] = {"start", "stop", "resize"};
    const struct cluster_tally *tally = daemon->book.tally.cluster;
    char labels[160];

    head(out, "tapfinger_backend_errors_total", "counter",
         "Starts, stops and resizes that failed.");
    for (int c = 0; c < daemon->site.clusters; c++)
        for (int i = 0; i < OPS; i++)
            text_printf(out, "tapfinger_backend_errors_total{cluster=\"%s\",op=\"%s\"} %lld\n",
                        daemon->site.cluster[c].name, op[i], (long long)tally[c].errors[i]);
    head(out, "tapfinger_backend_request_duration_seconds", "histogram",
         "Time that the daemon spent on starting, stopping and resizing.");
    for (int c = 0; c < daemon->site.clusters; c++)
        for (int i = 0; i < OPS; i++) {
            snprintf(labels, sizeof labels, "cluster=\"%.80s\",op=\"%s\"",
                     daemon->site.cluster[c].name, op[i]);
            histogram_print(&tally[c].requests[i], histogram_brief_s,
                            "tapfinger_backend_request_duration_seconds", labels, out);
        }
}

static void print_http(const struct daemon *daemon, struct text *out)
{
    const struct http_count *count;
    char labels[160];
    int counts;

    count = http_counts(daemon->http, &counts);
    head(out, "tapfinger_http_request_duration_seconds", "histogram",
         "Requests by route and status: the time until they were answered.");
    for (int i = 0; i < counts; i++) {
        snprintf(labels, sizeof labels, "route=\"%.80s\",code=\"%d\"", count[i].route,
                 count[i].status);
        histogram_print(&count[i].seconds, histogram_brief_s,
                        "tapfinger_http_request_duration_seconds", labels, out);
    }
    head(out, "tapfinger_sse_clients", "gauge", "Who listens to events.");
    text_printf(out, "tapfinger_sse_clients %d\n", http_stream_count(daemon->http));
    head(out, "tapfinger_events_dropped_total", "counter",
         "Listeners who were told that events are missing.");
    text_printf(out, "tapfinger_events_dropped_total %lld\n",
                (long long)http_stream_resets(daemon->http));
}

void metrics_print(struct daemon *daemon, struct text *out)
{
    print_active(daemon, out);
    print_jobs(daemon, out);
    print_amounts(daemon, out, "cpus", SITE_CPU, 1);
    print_amounts(daemon, out, "gpus", SITE_GPU, 1);
    if (daemon->site.has_mem)
        print_amounts(daemon, out, "memory_bytes", SITE_MEM, (double)SITE_MEM_UNIT_BYTES);
    head(out, "tapfinger_cluster_up", "gauge", "1 unless the cluster is drained.");
    for (int c = 0; c < daemon->site.clusters; c++)
        text_printf(out, "tapfinger_cluster_up{cluster=\"%s\"} %d\n", daemon->site.cluster[c].name,
                    !daemon->live.cluster[c].draining);
    print_cluster_use(daemon, out);
    print_cluster_seconds(daemon, out);
    print_types(&daemon->book.tally, out);
    print_counters(daemon, out);
    print_backends(daemon, out);
    print_decisions(&daemon->book.tally, out);
    print_http(daemon, out);
    head(out, "tapfinger_build_info", "gauge", "Which build this is.");
    text_printf(out, "tapfinger_build_info{version=\"%s\",commit=\"%s\"} 1\n", version_number(),
                version_commit());
}
