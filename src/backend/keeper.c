/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keeper's life: read the launch, open the sockets, claim the attempt, start the task, pass lines
 * and keep output until the task is over, end what it left behind, write the result.
 *
 * It ignores every signal that asks it to stop; whoever wants the task stopped says so on a control
 * socket. As a subreaper it inherits what the task forks away, so that nothing escapes it even
 * where there are no control groups.
 */
#include "backend/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/keeper_launch.h"
#include "backend/keeper_log.h"
#include "backend/keeper_report.h"
#include "backend/process.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

enum {
    PEERS = 16,
    GARBAGE_LINES = 100,
    REPORT_EVERY_MS = 100,
    KILL_MS = 10000,
    DRAIN_MS = 500,
};

enum peer_kind { PEER_NONE, PEER_CONTROL, PEER_TASK };

struct peer {
    enum peer_kind kind;
    int file;
    struct text input;
    int garbage;
};

struct keeper {
    const char *folder;
    struct keeper_launch launch;
    struct keeper_child child;
    struct keeper_log log[2];
    int output[2]; /* reading ends of stdout and stderr; -1: at its end */
    int task_listener, control_listener;
    struct peer peer[PEERS];
    struct keeper_report report;
    bool report_is_new;
    int64_t reported_ms; /* when the daemon was told last */
    char *allocation;    /* what the task is told, as JSON */
    int64_t born_us, over_us;
    int64_t timeout_ms, kill_ms; /* INT64_MAX: never */
    enum end_cause cause;
    bool over;
    struct backend_end end;
};

static int64_t now_ms(void)
{
    return clock_us(CLOCK_BOOTTIME) / 1000;
}

static int listen_at(const char *folder, const char *name, uid_t owner, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file;

    if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, name) >=
        sizeof address.sun_path)
        return err_set(err, ERR_LIMIT, "%s: too long a path for a socket", folder);
    unlink(address.sun_path);
    file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0 || bind(file, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(address.sun_path, 0600) != 0 || listen(file, PEERS) != 0 ||
        (owner != geteuid() && chown(address.sun_path, owner, (gid_t)-1) != 0)) {
        err_set(err, ERR_IO, "%s: cannot listen: %s", address.sun_path, strerror(errno));
        if (file >= 0)
            close(file);
        return ERR_IO;
    }
    return file;
}

/* A peer that does not read is not waited for. */
static void say(struct peer *peer, const char *line)
{
    size_t length = strlen(line);

    if (send(peer->file, line, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length)
        shutdown(peer->file, SHUT_RDWR);
}

static void say_all(struct keeper *k, enum peer_kind kind, const char *line)
{
    for (int i = 0; i < PEERS; i++)
        if (k->peer[i].kind == kind)
            say(&k->peer[i], line);
}

static void drop_peer(struct peer *peer)
{
    close(peer->file);
    text_release(&peer->input);
    *peer = (struct peer){.file = -1};
}

static struct peer *add_peer(struct keeper *k, enum peer_kind kind, int file)
{
    for (int i = 0; i < PEERS; i++)
        if (k->peer[i].kind == PEER_NONE) {
            k->peer[i] = (struct peer){.kind = kind, .file = file};
            text_init(&k->peer[i].input, KEEPER_LINE_BYTES);
            return &k->peer[i];
        }
    close(file);
    return NULL;
}

static void say_started(struct keeper *k, struct peer *peer)
{
    char line[64];

    snprintf(line, sizeof line, "started %d %" PRId64 "\n", (int)k->child.pid, k->born_us);
    say(peer, line);
}

static void say_report(struct keeper *k, struct peer *only)
{
    struct text line;

    text_init(&line, 0);
    text_add(&line, "progress ");
    keeper_report_print(&k->report, &line);
    text_add_char(&line, '\n');
    if (only)
        say(only, line.bytes);
    else
        say_all(k, PEER_CONTROL, line.bytes);
    text_release(&line);
}

static void accept_peer(struct keeper *k, int listener, enum peer_kind kind)
{
    int file = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who = {0};
    socklen_t bytes = sizeof who;
    struct peer *peer;

    if (file < 0)
        return;
    getsockopt(file, SOL_SOCKET, SO_PEERCRED, &who, &bytes);
    if (who.uid != 0 && who.uid != geteuid() && !(kind == PEER_TASK && who.uid == k->launch.uid)) {
        close(file);
        return;
    }
    peer = add_peer(k, kind, file);
    if (!peer)
        return;
    if (kind == PEER_CONTROL) {
        say_started(k, peer);
        say_report(k, peer);
    } else {
        say(peer, k->allocation);
    }
}

/* The task and all that it left: its groups, then whatever is below this process. */
static void kill_one(void *arg, pid_t pid)
{
    (void)arg;
    kill(pid, SIGKILL);
}

static void kill_group(const char *folder)
{
    char path[4096];
    FILE *file;
    int pid;

    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    file = fopen(path, "re");
    while (file && fscanf(file, "%d", &pid) == 1) /* NOLINT(cert-err34-c) */
        if (pid > 1)                              /* 0: one that this namespace cannot name */
            kill(pid, SIGKILL);
    if (file)
        fclose(file);
}

static void kill_all(const struct keeper *k)
{
    char path[4096];
    int file;

    if (k->launch.unified) {
        snprintf(path, sizeof path, "%s/cgroup.kill", k->launch.unified);
        file = open(path, O_WRONLY | O_CLOEXEC);
        if (file >= 0) {
            (void)!write(file, "1", 1);
            close(file);
        }
    }
    if (k->launch.groups)
        kill_group(k->launch.group[0]);
    process_each_below(getpid(), kill_one, NULL);
}

static void stop_task(struct keeper *k, enum end_cause cause, int64_t grace_ms)
{
    char line[96];

    if (k->cause == END_EXIT)
        k->cause = cause;
    snprintf(line, sizeof line, "{\"checkpoint\":true,\"stop\":true,\"grace_s\":%" PRId64 "}\n",
             grace_ms / 1000);
    say_all(k, PEER_TASK, line);
    if (!k->over && k->child.pid > 1) /* once it is reaped its number may be another's */
        kill(-k->child.pid, SIGTERM);
    if (now_ms() + grace_ms < k->kill_ms)
        k->kill_ms = now_ms() + grace_ms;
}

static void obey(struct keeper *k, char *line)
{
    if (strncmp(line, "alloc ", 6) == 0) {
        free(k->allocation);
        k->allocation = xmalloc(strlen(line) + 2);
        snprintf(k->allocation, strlen(line) + 2, "%s\n", line + 6);
        say_all(k, PEER_TASK, k->allocation);
    } else if (strcmp(line, "checkpoint") == 0) {
        say_all(k, PEER_TASK, "{\"checkpoint\":true}\n");
    } else if (strncmp(line, "stop ", 5) == 0) {
        stop_task(k, END_STOPPED, strtoll(line + 5, NULL, 10));
    }
}

static void take_line(struct keeper *k, struct peer *peer, char *line)
{
    double before = k->report.progress;

    if (peer->kind == PEER_CONTROL) {
        obey(k, line);
    } else if (keeper_report_line(&k->report, line, strlen(line))) {
        if (k->report.progress != before)
            k->report.at_us = clock_us(CLOCK_BOOTTIME);
        k->report_is_new = true;
    } else if (++peer->garbage >= GARBAGE_LINES) {
        shutdown(peer->file, SHUT_RDWR);
    }
}

/* Complete lines are taken, the rest stays. */
static void take_lines(struct keeper *k, struct peer *peer)
{
    char *at = peer->input.bytes, *end;
    size_t rest;

    while ((end = memchr(at, '\n', peer->input.length - (size_t)(at - peer->input.bytes)))) {
        *end = 0;
        take_line(k, peer, at);
        at = end + 1;
    }
    rest = peer->input.length - (size_t)(at - peer->input.bytes);
    memmove(peer->input.bytes, at, rest);
    peer->input.length = rest;
    peer->input.bytes[rest] = 0;
}

static void read_peer(struct keeper *k, struct peer *peer)
{
    char bytes[8192];
    ssize_t got = recv(peer->file, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        text_add_bytes(&peer->input, bytes, (size_t)got);
    if (got <= 0 || text_is_cut(&peer->input)) {
        drop_peer(peer);
        return;
    }
    take_lines(k, peer);
}

static void read_output(struct keeper *k, int which)
{
    char bytes[65536];
    ssize_t got = read(k->output[which], bytes, sizeof bytes);

    if (got > 0) {
        keeper_log_add(&k->log[which], bytes, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(k->output[which]);
        k->output[which] = -1;
    }
}

/* Children that were inherited are reaped as they end. */
static void reap(struct keeper *k)
{
    struct rusage usage;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid != k->child.pid)
            continue;
        k->over = true;
        k->over_us = clock_us(CLOCK_BOOTTIME);
        k->end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        k->end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
}

static int wait_time(const struct keeper *k)
{
    int64_t next = k->timeout_ms < k->kill_ms ? k->timeout_ms : k->kill_ms, left;

    if (k->report_is_new && k->reported_ms + REPORT_EVERY_MS < next)
        next = k->reported_ms + REPORT_EVERY_MS;
    if (next == INT64_MAX)
        return -1;
    left = next - now_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void look_at_clock(struct keeper *k)
{
    int64_t now = now_ms();

    if (now >= k->timeout_ms) {
        k->timeout_ms = INT64_MAX;
        stop_task(k, END_TIMEOUT, (int64_t)(k->launch.grace_s * 1000));
    }
    if (now >= k->kill_ms) {
        k->kill_ms = now + 1000;
        kill_all(k);
    }
    if (k->report_is_new && now >= k->reported_ms + REPORT_EVERY_MS) {
        k->report_is_new = false;
        k->reported_ms = now;
        say_report(k, NULL);
    }
}

/* One round of waiting and serving. */
static void serve_once(struct keeper *k, int timeout_ms)
{
    struct pollfd poll_set[5 + PEERS];
    int count = 0;

    poll_set[count++] = (struct pollfd){.fd = k->over ? -1 : k->child.pidfd, .events = POLLIN};
    poll_set[count++] = (struct pollfd){.fd = k->output[0], .events = POLLIN};
    poll_set[count++] = (struct pollfd){.fd = k->output[1], .events = POLLIN};
    poll_set[count++] = (struct pollfd){.fd = k->task_listener, .events = POLLIN};
    poll_set[count++] = (struct pollfd){.fd = k->control_listener, .events = POLLIN};
    for (int i = 0; i < PEERS; i++)
        poll_set[count++] = (struct pollfd){.fd = k->peer[i].file, .events = POLLIN};
    if (poll(poll_set, (nfds_t)count, timeout_ms) <= 0)
        return;
    for (int which = 0; which < 2; which++)
        if (poll_set[1 + which].revents)
            read_output(k, which);
    for (int i = 0; i < PEERS; i++)
        if (poll_set[5 + i].revents && k->peer[i].kind != PEER_NONE)
            read_peer(k, &k->peer[i]);
    if (poll_set[3].revents)
        accept_peer(k, k->task_listener, PEER_TASK);
    if (poll_set[4].revents)
        accept_peer(k, k->control_listener, PEER_CONTROL);
}

static bool has_children(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* What the task left running ends with it; what it wrote last is kept. */
static void clear_up(struct keeper *k)
{
    int64_t until = now_ms() + KILL_MS;

    while (has_children() && now_ms() < until) {
        kill_all(k);
        serve_once(k, 5);
        reap(k);
    }
    kill_all(k);
    until = now_ms() + DRAIN_MS;
    while ((k->output[0] >= 0 || k->output[1] >= 0) && now_ms() < until)
        serve_once(k, 20);
}

static bool saw_oom(const struct keeper *k)
{
    char path[4096], line[256];
    long count = 0;
    FILE *file;

    if (!k->launch.memory_group)
        return false;
    snprintf(path, sizeof path, "%s/%s", k->launch.memory_group,
             k->launch.memory_unified ? "memory.events" : "memory.oom_control");
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "oom_kill ", 9) == 0)
            count = strtol(line + 9, NULL, 10);
    if (file)
        fclose(file);
    return count > 0;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int write_result(struct keeper *k, struct err *err)
{
    static const char *const cause[] = {"exit", "timeout", "stopped", "error", "lost"};
    const struct backend_end *end = &k->end;
    char path[4096], *words;
    struct text text;
    json_t *doc;
    int rc;

    doc = json_pack("{s:s, s:i, s:i, s:b, s:f, s:f, s:f, s:I, s:I, s:I, s:f, s:s, s:f, s:O, s:I}",
                    "cause", cause[end->cause], "code", end->code, "signal", end->signal, "oom",
                    end->oom, "wall_s", end->wall_s, "user_s", end->user_s, "system_s",
                    end->system_s, "most_bytes", (json_int_t)end->most_bytes, "started_us",
                    (json_int_t)end->started_us, "ended_us", (json_int_t)end->ended_us, "over_s",
                    (double)k->over_us / 1e6, "message", end->message, "progress",
                    k->report.progress, "metrics", k->report.metrics, "log_lost_bytes",
                    (json_int_t)(k->log[0].lost_bytes + k->log[1].lost_bytes));
    words = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    text_init(&text, 0);
    text_add(&text, words ? words : "{}");
    free(words);
    snprintf(path, sizeof path, "%s/result.json", k->folder);
    rc = text_write_file(&text, path, err);
    text_release(&text);
    return rc;
}

static int finish(struct keeper *k, struct err *err)
{
    struct rusage usage;
    int rc;

    getrusage(RUSAGE_CHILDREN, &usage);
    k->end.cause = k->end.cause == END_ERROR ? END_ERROR : k->cause;
    k->end.oom = saw_oom(k);
    k->end.wall_s = (double)((k->over ? k->over_us : clock_us(CLOCK_BOOTTIME)) - k->born_us) / 1e6;
    k->end.user_s = seconds(usage.ru_utime);
    k->end.system_s = seconds(usage.ru_stime);
    k->end.most_bytes = (int64_t)usage.ru_maxrss * 1024;
    k->end.ended_us = clock_us(CLOCK_REALTIME);
    /* A full disk: the result is worth waiting for, and the daemon waits for us. */
    while ((rc = write_result(k, err)) == ERR_IO && access(k->folder, F_OK) == 0)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return rc;
}

static int start_task(struct keeper *k, struct err *err)
{
    int out[2], error[2], nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), rc;

    if (nothing < 0 || pipe2(out, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    if (pipe2(error, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    rc = keeper_launch_start(&k->launch, nothing, out[1], error[1], &k->child, err);
    close(nothing);
    close(out[1]);
    close(error[1]);
    k->output[0] = out[0];
    k->output[1] = error[0];
    for (int i = 0; i < 2; i++)
        fcntl(k->output[i], F_SETFL, O_NONBLOCK);
    return rc;
}

static void keep(struct keeper *k, struct err *err)
{
    k->born_us = clock_us(CLOCK_BOOTTIME);
    k->end.started_us = clock_us(CLOCK_REALTIME);
    k->timeout_ms = k->launch.timeout_s > 0
                        ? k->born_us / 1000 + (int64_t)ceil(k->launch.timeout_s * 1000)
                        : INT64_MAX;
    if (start_task(k, err)) {
        k->end.cause = END_ERROR;
        snprintf(k->end.message, sizeof k->end.message, "%.250s", err->message);
        return;
    }
    for (int i = 0; i < PEERS; i++)
        if (k->peer[i].kind == PEER_CONTROL)
            say_started(k, &k->peer[i]);
    while (!k->over) {
        serve_once(k, wait_time(k));
        look_at_clock(k);
        reap(k);
    }
    clear_up(k);
}

static int open_keeper(struct keeper *k, const char *folder, struct err *err)
{
    int rc;

    *k = (struct keeper){.folder = folder,
                         .output = {-1, -1},
                         .task_listener = -1,
                         .control_listener = -1,
                         .kill_ms = INT64_MAX,
                         .cause = END_EXIT};
    for (int i = 0; i < PEERS; i++)
        k->peer[i].file = -1;
    k->child.pidfd = -1;
    keeper_report_init(&k->report);
    rc = keeper_launch_read(&k->launch, folder, err);
    if (rc)
        return rc;
    k->allocation = xmalloc(strlen(k->launch.allocation) + 2);
    snprintf(k->allocation, strlen(k->launch.allocation) + 2, "%s\n", k->launch.allocation);
    keeper_log_init(&k->log[0], folder, "stdout", k->launch.log_bytes);
    keeper_log_init(&k->log[1], folder, "stderr", k->launch.log_bytes);
    k->task_listener = listen_at(folder, "task.sock", k->launch.uid, err);
    if (k->task_listener < 0)
        return k->task_listener;
    k->control_listener = listen_at(folder, "control.sock", geteuid(), err);
    if (k->control_listener < 0)
        return k->control_listener;
    if (fcntl(KEEPER_CONTROL_FD, F_GETFD) >= 0) {
        fcntl(KEEPER_CONTROL_FD, F_SETFD, FD_CLOEXEC);
        add_peer(k, PEER_CONTROL, KEEPER_CONTROL_FD);
    }
    return 0;
}

static void close_keeper(struct keeper *k)
{
    for (int i = 0; i < PEERS; i++)
        if (k->peer[i].kind != PEER_NONE)
            drop_peer(&k->peer[i]);
    for (int i = 0; i < 2; i++)
        if (k->output[i] >= 0)
            close(k->output[i]);
    if (k->task_listener >= 0)
        close(k->task_listener);
    if (k->control_listener >= 0)
        close(k->control_listener);
    if (k->child.pidfd >= 0)
        close(k->child.pidfd);
    keeper_log_close(&k->log[0]);
    keeper_log_close(&k->log[1]);
    keeper_report_release(&k->report);
    keeper_launch_release(&k->launch);
    free(k->allocation);
}

static void ignore_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGPIPE,
                                  SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};

    for (size_t i = 0; i < COUNT_OF(ignored); i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

int keeper_run(const char *folder)
{
    struct process_id own;
    struct keeper keeper;
    struct err err = {0};
    int rc;

    ignore_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "tap-keeper", 0, 0, 0);
    rc = open_keeper(&keeper, folder, &err);
    if (rc == 0 && !process_identify(getpid(), &own))
        rc = err_set(&err, ERR_IO, "cannot read /proc");
    if (rc == 0)
        rc = keeper_claim(folder, &own, &err);
    if (rc == 0) {
        keep(&keeper, &err);
        rc = finish(&keeper, &err);
    }
    if (rc < 0)
        fprintf(stderr, "keeper: %s\n", err.message);
    close_keeper(&keeper);
    return rc != 0;
}
