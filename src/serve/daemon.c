/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crash-only: there is no orderly state to save at the end, only one to find at the start. A round
 * of the loop:
 *
 *     input       requests, events of backends, times that have come
 *     decide      the policy is asked, if something happened
 *     record      attempts and changes go to the store, one commit for all of them
 *     act         tasks are started, resized and stopped; answers and events go out
 *
 * While the store cannot be written nothing new is accepted, decided or done; what runs goes on,
 * and the same commit is tried again every second.
 */
#include "serve/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "policy/registry.h"
#include "serve/explain.h"
#include "serve/http.h"
#include "serve/routes.h"
#include "serve/site_check.h"
#include "store/store.h"

enum { CLOCK_STEP_US = 500000 };

static const double SWEEP_S = 1, CLOCK_S = 10, FORGET_S = 3600;

static int make_folders(const char *path, struct err *err)
{
    char part[4096];

    snprintf(part, sizeof part, "%s", path);
    for (char *at = part + 1; *at; at++)
        if (*at == '/') {
            *at = 0;
            mkdir(part, 0711);
            *at = '/';
        }
    if (mkdir(part, 0711) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: cannot make: %s", path, strerror(errno));
    return 0;
}

static void listen_to_book(void *arg, int64_t seq, enum book_event event, int64_t at_us,
                           const struct job *job, const char *doc)
{
    struct daemon *daemon = arg;

    (void)at_us;
    if (daemon->http)
        http_event(daemon->http, seq, event, job, doc);
}

static void watch(struct daemon *daemon, int file)
{
    struct epoll_event event = {.events = EPOLLIN};

    epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, file, &event);
}

static void watch_signals(struct daemon *daemon)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    watch(daemon, daemon->signals);
}

/* Who drained a cluster, and why, outlives the daemon. */
static bool load_cluster(void *arg, int64_t id, const char *words)
{
    struct daemon *daemon = arg;
    json_t *doc = json_loads(words, 0, NULL);
    const char *name = json_string_value(json_object_get(doc, "name"));
    int cluster = name ? site_find_cluster(&daemon->site, name) : -1;

    (void)id;
    if (cluster >= 0 && json_is_true(json_object_get(doc, "draining"))) {
        live_drain(&daemon->live, cluster, true, json_string_value(json_object_get(doc, "by")),
                   json_string_value(json_object_get(doc, "reason")));
        daemon->live.cluster[cluster].until_us =
            json_integer_value(json_object_get(doc, "until_us"));
    }
    json_decref(doc);
    return true;
}

/* A policy did not come back, and the daemon started anew: another, until somebody chooses. */
static void replace_policy(struct daemon *daemon, const char *by, const char *why)
{
    book_save_setting(&daemon->book, SETTING_POLICY, by);
    book_tell(&daemon->book, BOOK_POLICY, NULL, NULL,
              json_pack("{s:s, s:s, s:s}", "policy", by, "by", "the daemon", "why", why));
    live_keep_trouble(&daemon->live, why);
    daemon->live.counts.hangs++;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Who decides from the beginning: the policy that was set last at run time, else the site's; after
 * one that did not come back the fallback, unless it was that one. */
static void choose_policy(const struct daemon *daemon, bool hung, struct text *out)
{
    bool fallback_hung;

    if (store_get(daemon->store, STORE_SETTING, SETTING_POLICY, out, NULL) != 1)
        text_add(out, daemon->site.policy);
    if (!hung)
        return;
    fallback_hung = same_text(out->bytes, daemon->site.fallback);
    text_reset(out);
    text_add(out, fallback_hung ? "fifo-min" : daemon->site.fallback);
}

static int open_live(struct daemon *daemon, struct err *err)
{
    char *hung = watchdog_take_note();
    struct text kept;
    int rc;

    text_init(&kept, 0);
    choose_policy(daemon, hung, &kept);
    watchdog_open(&daemon->watchdog);
    rc = live_open(&daemon->live, &daemon->book, &daemon->site, kept.bytes, &daemon->watchdog, err);
    if (rc && same_text(kept.bytes, daemon->site.policy)) {
        site_blame(&daemon->site, "policy", rc, err);
        rc = ERR_INVALID;
    }
    if (rc == 0 && hung)
        replace_policy(daemon, kept.bytes, hung);
    text_release(&kept);
    free(hung);
    return rc ? rc : store_each(daemon->store, STORE_CLUSTER, load_cluster, daemon, err);
}

static void make_backup(struct daemon *daemon)
{
    struct text path;

    text_init(&path, 0);
    text_printf(&path, "%s.backup", daemon->site.store);
    store_backup(daemon->store, path.bytes, NULL);
    text_release(&path);
}

static int open_parts(struct daemon *daemon, const char *program, struct err *err)
{
    int rc = make_folders(daemon->site.folder, err);

    if (rc == 0)
        rc = store_open(&daemon->store, &store_sqlite, daemon->site.store, err);
    if (rc == 0)
        make_backup(daemon);
    if (rc == 0)
        rc = book_open(&daemon->book, &daemon->site, daemon->store, err);
    daemon->book.listener = listen_to_book;
    daemon->book.listener_arg = daemon;
    if (rc == 0)
        rc = access_open(&daemon->access, daemon->store, &daemon->site, err);
    if (rc == 0)
        rc = open_live(daemon, err);
    if (rc == 0)
        rc = runner_open(&daemon->runner, &daemon->book, &daemon->live, program, err);
    if (rc == 0)
        last_words_begin(&daemon->book);
    if (rc == 0)
        rc = store_commit(daemon->store, err);
    if (rc == 0)
        prospect_open(&daemon->prospect, &daemon->live, daemon->epoll);
    if (rc == 0)
        forecast_open(&daemon->forecast, &daemon->live, &daemon->prospect);
    if (rc == 0)
        hindsight_open(&daemon->hindsight, &daemon->live, daemon->epoll);
    if (rc == 0)
        rehearsal_open(&daemon->rehearsal, &daemon->live, daemon->epoll);
    if (rc == 0)
        rc = http_open(&daemon->http, daemon, route_request, err);
    return rc;
}

int daemon_open(struct daemon *daemon, const char *site_path, const char *program, struct err *err)
{
    struct text doubts;
    int rc;

    text_init(&doubts, 0);
    *daemon = (struct daemon){.epoll = -1, .signals = -1};
    daemon->started_us = clock_us(CLOCK_REALTIME);
    daemon->site_path = site_path ? xstrdup(site_path) : NULL;
    rc = site_read(&daemon->site, site_path, err);
    if (rc == 0)
        rc = site_check(&daemon->site, &doubts, err);
    if (rc == 0) {
        daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
        watch_signals(daemon);
        last_words_open(&daemon->last_words);
        rc = open_parts(daemon, program, err);
    }
    if (rc == 0)
        site_print_doubts(&doubts, "<5>tapfinger: ");
    text_release(&doubts);
    if (rc)
        daemon_close(daemon);
    else
        for (int c = 0; c < daemon->site.clusters; c++)
            watch(daemon, daemon->runner.ops[c]->descriptor(daemon->runner.backend[c]));
    return rc;
}

void daemon_close(struct daemon *daemon)
{
    http_close(daemon->http);
    forecast_close(&daemon->forecast);
    prospect_close(&daemon->prospect);
    hindsight_close(&daemon->hindsight);
    rehearsal_close(&daemon->rehearsal);
    runner_close(&daemon->runner);
    live_close(&daemon->live);
    watchdog_close(&daemon->watchdog);
    access_close(&daemon->access);
    book_close(&daemon->book);
    store_close(daemon->store);
    if (daemon->epoll >= 0)
        close(daemon->epoll);
    if (daemon->signals >= 0)
        close(daemon->signals);
    last_words_close(&daemon->last_words);
    free(daemon->store_trouble);
    free(daemon->site_path);
    site_release(&daemon->changes);
    site_release(&daemon->site);
    *daemon = (struct daemon){.epoll = -1, .signals = -1};
}

/* sd_notify(3): a datagram to the socket that systemd named. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t bytes;
    int file;

    if (!path || strlen(path) >= sizeof address.sun_path)
        return;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (*path == '@')
        address.sun_path[0] = 0;
    file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0)
        return;
    sendto(file, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, bytes);
    close(file);
}

static int wait_ms(struct daemon *daemon)
{
    double seconds = live_wake_in(&daemon->live), due = runner_due_in(&daemon->runner);
    int http = http_timeout_ms(daemon->http);

    if (daemon->store_trouble)
        return http < 200 ? http : 200;
    seconds = fmin(seconds, due);
    if (daemon->live.acts.count || store_is_dirty(daemon->store))
        return 0;
    return seconds * 1000 < http ? (int)ceil(seconds * 1000) : http;
}

static void read_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGHUP) {
            daemon->reload = true;
        } else {
            last_words_asked(&info);
            daemon->stop = true;
        }
}

/* What cannot change under running tasks and open sockets. */
static bool needs_restart(const struct site *old, const struct site *now)
{
    bool differs = old->clusters != now->clusters || !same_text(old->store, now->store) ||
                   !same_text(old->unix_path, now->unix_path) || !same_text(old->http, now->http) ||
                   !same_text(old->tls_cert, now->tls_cert) ||
                   !same_text(old->tls_key, now->tls_key);

    for (int c = 0; !differs && c < old->clusters; c++) {
        const struct site_cluster *was = &old->cluster[c], *is = &now->cluster[c];

        differs = !same_text(was->name, is->name) || !same_text(was->cpus, is->cpus) ||
                  !same_text(was->gpus, is->gpus) ||
                  !allocation_equal(&was->capacity, &is->capacity);
    }
    return differs;
}

static int take_policy(struct daemon *daemon, const char *policy, struct err *err)
{
    int rc;

    if (same_text(daemon->site.policy, policy))
        return 0; /* one that was set by hand stays */
    rc = live_set_policy(&daemon->live, policy, err);
    if (rc)
        return rc;
    daemon->site.policy = policy;
    book_save_setting(&daemon->book, SETTING_POLICY, policy);
    book_tell(&daemon->book, BOOK_POLICY, NULL, NULL,
              json_pack("{s:s, s:s}", "policy", policy, "by", "the site file"));
    return 0;
}

/* An operator may want that, but not without knowing. */
static void warn_of_anonymous(const struct daemon *daemon)
{
    if (daemon->site.anonymous > ROLE_READ && daemon->http && http_is_public(daemon->http))
        fprintf(stderr, "<4>tapfinger: %s\n", site_anonymous_warning(&daemon->site));
}

/* What can change while the daemon runs, from a site that it keeps from now on. */
static void take_changes(struct daemon *daemon, const struct site *now)
{
    struct site *site = &daemon->site;
    bool fallback = !same_text(site->fallback, now->fallback);

    site->policy = now->policy;
    site->fallback = now->fallback;
    site->decide_timeout_s = now->decide_timeout_s;
    if (fallback)
        live_take_fallback(&daemon->live);
    site->keep_finished_s = now->keep_finished_s;
    site->keep_events_s = now->keep_events_s;
    site->log_bytes = now->log_bytes;
    site->rate = now->rate;
    site->tokens = now->tokens;
    site->anonymous = now->anonymous;
    site->session_s = now->session_s;
    site->role = now->role;
    site->roles = now->roles;
    site->quota = now->quota;
    site->user_quota = now->user_quota;
    site->quotas = now->quotas;
    site->has_quota = now->has_quota;
    daemon->runner.room = true;
    site_release(&daemon->changes);
    daemon->changes = *now;
}

/* SIGHUP: the site file again; one that is wrong changes nothing. */
static void reload(struct daemon *daemon)
{
    struct site site;
    struct err err;
    int rc;

    daemon->reload = false;
    notify("RELOADING=1");
    rc = site_read(&site, daemon->site_path, &err);
    if (rc == 0)
        rc = access_reload(&daemon->access, &site, &err);
    if (rc == 0)
        rc = take_policy(daemon, site.policy, &err);
    if (rc) {
        fprintf(stderr, "<4>tapfinger: %s; nothing was changed\n", err.message);
        site_release(&site);
    } else {
        if (needs_restart(&daemon->site, &site))
            fprintf(stderr,
                    "<4>tapfinger: clusters, folders, addresses and certificates change with "
                    "a restart\n");
        take_changes(daemon, &site);
        warn_of_anonymous(daemon);
    }
    notify("READY=1");
}

struct old_keys {
    int64_t before_us;
    VECTOR(int64_t) ids;
};

static bool find_old_key(void *arg, int64_t id, const char *words)
{
    struct old_keys *old = arg;
    json_t *doc = json_loads(words, 0, NULL);

    if (json_integer_value(json_object_get(doc, "at_us")) < old->before_us)
        vector_push(&old->ids, id);
    json_decref(doc);
    return true;
}

static void forget_keys(struct daemon *daemon)
{
    struct old_keys old = {.before_us = clock_us(CLOCK_REALTIME) - (int64_t)(BOOK_KEY_S * 1e6)};

    store_each(daemon->store, STORE_KEY, find_old_key, &old, NULL);
    for (size_t i = 0; i < old.ids.count; i++)
        store_erase(daemon->store, STORE_KEY, old.ids.item[i]);
    vector_release(&old.ids);
}

/* Finished jobs, old events and answers to keys go after a while. */
static void forget_old(struct daemon *daemon)
{
    int64_t now_us = clock_us(CLOCK_REALTIME);
    int64_t before_us = now_us - (int64_t)(daemon->site.keep_finished_s * 1e6);

    for (size_t i = 0; i < daemon->book.jobs.count;) {
        struct job *job = daemon->book.jobs.item[i];
        bool old = job_state_is_final(job_state(job));

        for (int32_t t = 0; t < job->tasks && old; t++)
            old = job->task[t].ended_us < before_us && job_state_is_final(job->task[t].state);
        if (!old) {
            i++;
            continue;
        }
        runner_remove_files(&daemon->runner, job);
        book_forget(&daemon->book, job);
    }
    forget_keys(daemon);
    access_sweep(&daemon->access);
    store_trim(daemon->store, now_us - (int64_t)(daemon->site.keep_events_s * 1e6));
}

/* The wall clock is what users know, but only what they wait for by date may follow its jumps. */
static void watch_clock(struct daemon *daemon)
{
    int64_t off_us = clock_us(CLOCK_REALTIME) - (int64_t)(live_now(&daemon->live) * 1e6);
    int64_t by_us = off_us - daemon->clock_off_us;

    if (by_us > -CLOCK_STEP_US && by_us < CLOCK_STEP_US)
        return;
    if (daemon->clock_off_us)
        runner_clock_set(&daemon->runner, by_us);
    daemon->clock_off_us = off_us;
}

static void end_drains(struct daemon *daemon)
{
    for (int c = 0; c < daemon->site.clusters; c++) {
        struct live_cluster *at = &daemon->live.cluster[c];

        if (!at->draining || !at->until_us || at->until_us > clock_us(CLOCK_REALTIME))
            continue;
        at->until_us = 0;
        live_drain(&daemon->live, c, false, NULL, NULL);
        routes_save_cluster(daemon, c);
    }
}

static void sweep(struct daemon *daemon)
{
    double now_s = live_now(&daemon->live);

    if (now_s - daemon->swept_s < SWEEP_S)
        return;
    if (fmod(now_s, FORGET_S) < fmod(daemon->swept_s, FORGET_S))
        forget_old(daemon);
    runner_sample(&daemon->runner, daemon->swept_s > 0 ? now_s - daemon->swept_s : 0);
    daemon->swept_s = now_s;
    watch_clock(daemon);
    end_drains(daemon);
    explain_note(daemon);
    http_sweep(daemon->http);
    notify("WATCHDOG=1");
    if (now_s - daemon->clock_saved_s > CLOCK_S) {
        char words[40];

        snprintf(words, sizeof words, "%.3f", now_s);
        book_save_setting(&daemon->book, SETTING_CLOCK, words);
        daemon->clock_saved_s = now_s;
    }
}

static void commit(struct daemon *daemon)
{
    struct err err;

    if (daemon->store_trouble && live_now(&daemon->live) < daemon->retry_commit_s)
        return;
    if (store_is_dirty(daemon->store)) {
        if (store_commit(daemon->store, &err)) {
            if (!daemon->store_trouble)
                fprintf(stderr, "<3>tapfinger: %s; nothing is accepted until that is mended\n",
                        err.message);
            free(daemon->store_trouble);
            daemon->store_trouble = xstrdup(err.message);
            daemon->retry_commit_s = live_now(&daemon->live) + 1;
            return;
        }
        daemon->commits++;
    }
    if (daemon->store_trouble)
        fprintf(stderr, "<5>tapfinger: the store can be written again\n");
    free(daemon->store_trouble);
    daemon->store_trouble = NULL;
    http_committed(daemon->http); /* before what is done next adds events of its own */
    runner_act(&daemon->runner);
}

static void run_round(struct daemon *daemon)
{
    struct epoll_event event[16];

    epoll_wait(daemon->epoll, event, 16, wait_ms(daemon));
    read_signals(daemon);
    if (daemon->reload)
        reload(daemon);
    if (hindsight_poll(&daemon->hindsight))
        http_retry(daemon->http);
    if (rehearsal_poll(&daemon->rehearsal))
        http_retry(daemon->http);
    if (prospect_poll(&daemon->prospect))
        http_retry(daemon->http);
    http_run(daemon->http);
    if (!daemon->store_trouble) {
        runner_poll(&daemon->runner);
        runner_consider_due(&daemon->runner);
        live_decide(&daemon->live);
        runner_record(&daemon->runner);
    }
    sweep(daemon);
    commit(daemon);
}

int daemon_run(struct daemon *daemon, struct err *err)
{
    (void)err;
    forget_old(daemon);
    warn_of_anonymous(daemon);
    notify("READY=1");
    while (!daemon->stop)
        run_round(daemon);
    notify("STOPPING=1");
    last_words_end(&daemon->book);
    store_commit(daemon->store, NULL);
    return 0;
}

void daemon_print_addresses(const struct daemon *daemon, struct text *out)
{
    if (daemon->site.http) {
        const char *colon = strrchr(daemon->site.http, ':');

        text_printf(out, "%s://%.*s:%d ", daemon->site.tls_cert ? "https" : "http",
                    (int)(colon - daemon->site.http), daemon->site.http, http_port(daemon->http));
    }
    text_add(out, daemon->site.unix_path);
}
