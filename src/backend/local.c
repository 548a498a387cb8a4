/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local backend: tasks as processes of this machine, one keeper (backend/keeper.h) each.
 *
 * Where control groups are writable a task has a group of its own with a quota, processors and
 * memory, and a resize is a write to its files. Where they are not, its processors are set by
 * affinity, thread by thread, and memory is only booked. As long as a cluster has a processor for
 * every unit of cpu that it offers, each task gets processors of its own; where more are offered
 * than there are (trial set-ups), the quota alone keeps tasks apart.
 *
 * GPUs (or parts of them: backend/gpu_parts.h) are handed out by number and named in
 * CUDA_VISIBLE_DEVICES at the start. A program sees the GPUs it was born with: a resize tells it of
 * its new ones through the task protocol.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/cgroup.h"
#include "backend/cpu_list.h"
#include "backend/gpu_parts.h"
#include "backend/keeper.h"
#include "backend/process.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vector.h"

struct held {
    int64_t attempt;
    char *folder, *group;
    pid_t keeper;
    int pidfd, control; /* -1: none */
    struct text input;
    struct allocation allocation;
    struct cpu_list cpus, gpus; /* GPUs: units of the pool */
    bool frozen;
};

struct local {
    struct backend_config config;
    char *program, *cluster, *groups;
    struct cgroup_site site;
    struct cpu_pool cpus, gpus;
    struct gpu_parts parts;
    bool exclusive;          /* every task has processors of its own */
    struct cpu_list members; /* processors of the cluster */
    VECTOR(struct held *) held;
    int epoll;
    struct text metrics;                /* of the events given out last */
    VECTOR(struct backend_event) ready; /* ends found by adopt() */
};

static int amount_of(const struct local *l, const struct allocation *a, int resource)
{
    (void)l;
    return resource < 0 ? 0 : a->amount[resource];
}

static int64_t mem_bytes(const struct local *l, const struct allocation *a)
{
    return amount_of(l, a, l->config.mem) * l->config.mem_unit_bytes;
}

static struct held *find_held(const struct local *l, int64_t attempt)
{
    for (size_t i = 0; i < l->held.count; i++)
        if (l->held.item[i]->attempt == attempt)
            return l->held.item[i];
    return NULL;
}

static struct held *add_held(struct local *l, const struct launch *launch)
{
    struct held *held = xcalloc(1, sizeof *held);
    char group[64];

    snprintf(group, sizeof group, "a%" PRId64, launch->attempt);
    held->attempt = launch->attempt;
    held->folder = xstrdup(launch->folder);
    held->group = xstrdup(group);
    held->pidfd = held->control = -1;
    held->allocation = launch->allocation;
    text_init(&held->input, KEEPER_LINE_BYTES);
    vector_push(&l->held, held);
    return held;
}

static void close_held(struct held *held)
{
    if (held->pidfd >= 0)
        close(held->pidfd);
    if (held->control >= 0)
        close(held->control);
    text_release(&held->input);
    free(held->folder);
    free(held->group);
    free(held);
}

/* Forgets an attempt that is over, its group and what it held. */
static void drop_held(struct local *l, struct held *held)
{
    struct cpu_list none;

    cpu_pool_assign(&l->cpus, held->attempt, 0, &none);
    cpu_pool_assign(&l->gpus, held->attempt, 0, &none);
    cgroup_remove(&l->site, held->group);
    for (size_t i = 0; i < l->held.count; i++)
        if (l->held.item[i] == held) {
            l->held.item[i] = vector_pop(&l->held);
            break;
        }
    close_held(held);
}

static void watch(struct local *l, int file, int64_t attempt)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)attempt};

    epoll_ctl(l->epoll, EPOLL_CTL_ADD, file, &event);
}

static void assign(struct local *l, struct held *held)
{
    cpu_pool_assign(&l->gpus, held->attempt, amount_of(l, &held->allocation, l->config.gpu),
                    &held->gpus);
    if (l->exclusive)
        cpu_pool_assign(&l->cpus, held->attempt, amount_of(l, &held->allocation, l->config.cpu),
                        &held->cpus);
    else
        held->cpus = l->members;
}

static char *print_gpus(const struct local *l, const struct held *held, int *percent)
{
    struct cpu_list gpus;

    gpu_parts_gpus(&l->parts, &held->gpus, &gpus, percent);
    return cpu_list_text(&gpus);
}

/* {"allocation":{"cpu":2,"gpu":1,"mem_bytes":..},"cpus":"0-1","gpus":"0"}, and of GPUs in parts
 * which ones, and how much that is: "gpu_units":"0-1","gpu_percent":50 */
static char *describe_allocation(const struct local *l, const struct held *held)
{
    int percent;
    char *cpus = cpu_list_text(&held->cpus), *gpus = print_gpus(l, held, &percent);
    struct text text;

    text_init(&text, 0);
    text_printf(&text,
                "{\"allocation\":{\"cpu\":%d,\"gpu\":%d,\"mem_bytes\":%" PRId64
                "},\"cpus\":\"%s\",\"gpus\":\"%s\"",
                amount_of(l, &held->allocation, l->config.cpu),
                amount_of(l, &held->allocation, l->config.gpu), mem_bytes(l, &held->allocation),
                cpus, gpus);
    free(cpus);
    free(gpus);
    if (l->parts.parts > 1) {
        char *units = cpu_list_text(&held->gpus);

        text_printf(&text, ",\"gpu_units\":\"%s\",\"gpu_percent\":%d", units, percent);
        free(units);
    }
    text_add_char(&text, '}');
    return text_take(&text);
}

static int limit(struct local *l, const struct held *held, struct err *err)
{
    int cpus = amount_of(l, &held->allocation, l->config.cpu);
    char *list = cpu_list_text(&held->cpus);
    int rc = 0;

    if (l->config.cpu >= 0)
        rc = cgroup_set_cpu(&l->site, held->group, cpus, err);
    if (rc == 0)
        rc = cgroup_set_cpuset(&l->site, held->group, list, err);
    if (rc == 0 && l->config.mem >= 0)
        rc = cgroup_set_memory(&l->site, held->group, mem_bytes(l, &held->allocation), err);
    free(list);
    return rc;
}

static void add_env(json_t *env, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_env(json_t *env, const char *format, ...)
{
    char *line = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&line, format, args) >= 0)
        json_array_append_new(env, json_string(line));
    va_end(args);
    free(line);
}

static json_t *make_env(const struct local *l, const struct held *held, const struct launch *launch)
{
    int cpus = amount_of(l, &held->allocation, l->config.cpu);
    int gpus = amount_of(l, &held->allocation, l->config.gpu);
    int percent;
    char *cpu_words = cpu_list_text(&held->cpus), *gpu_words = print_gpus(l, held, &percent);
    json_t *env = json_array();

    for (int i = 0; launch->env[i]; i++)
        json_array_append_new(env, json_string(launch->env[i]));
    add_env(env, "TAP_SOCKET=%s/task.sock", launch->folder);
    add_env(env, "TAP_CLUSTER=%s", l->cluster);
    add_env(env, "TAP_CPUS=%d", cpus);
    add_env(env, "TAP_CPU_LIST=%s", cpu_words);
    add_env(env, "TAP_GPUS=%d", gpus);
    add_env(env, "TAP_MEM_BYTES=%" PRId64, mem_bytes(l, &held->allocation));
    add_env(env, "OMP_NUM_THREADS=%d", cpus > 0 ? cpus : 1);
    add_env(env, "CUDA_VISIBLE_DEVICES=%s", gpu_words);
    if (l->parts.parts > 1 && gpus > 0) {
        add_env(env, "CUDA_MPS_PIPE_DIRECTORY=%s", l->parts.pipes);
        add_env(env, "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=%d", percent);
    }
    free(cpu_words);
    free(gpu_words);
    return env;
}

static json_t *make_argv(const struct launch *launch)
{
    json_t *argv = json_array();

    for (int i = 0; launch->argv[i]; i++)
        json_array_append_new(argv, json_string(launch->argv[i]));
    return argv;
}

static void add_groups(const struct local *l, const struct held *held, json_t *doc)
{
    json_t *groups = json_array();
    struct text folders;
    char *rest;

    text_init(&folders, 0);
    cgroup_print_folders(&l->site, held->group, &folders);
    for (char *at = strtok_r(folders.bytes, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
        if (*at == '2')
            json_object_set_new(doc, "unified", json_string(at + 2));
        else
            json_array_append_new(groups, json_string(at + 2));
    json_object_set_new(doc, "groups", groups);
    if (l->site.version[CGROUP_MEMORY]) {
        bool unified = l->site.version[CGROUP_MEMORY] == 2;
        struct text path;

        text_init(&path, 0);
        text_printf(&path, "%s/%s", unified ? l->site.unified : l->site.v1[CGROUP_MEMORY],
                    held->group);
        json_object_set_new(doc, "memory_group", json_string(path.bytes));
        json_object_set_new(doc, "memory_unified", json_boolean(unified));
        text_release(&path);
    }
    text_release(&folders);
}

static int write_launch(const struct local *l, const struct held *held, const struct launch *launch,
                        struct err *err)
{
    char *allocation = describe_allocation(l, held), *cpus = cpu_list_text(&held->cpus), *words;
    json_t *doc = json_object();
    struct text text, path;
    int rc;

    json_object_set_new(doc, "argv", make_argv(launch));
    json_object_set_new(doc, "env", make_env(l, held, launch));
    json_object_set_new(doc, "cwd", json_string(launch->cwd));
    if (launch->user)
        json_object_set_new(doc, "user", json_string(launch->user));
    json_object_set_new(doc, "uid", json_integer(launch->uid));
    json_object_set_new(doc, "gid", json_integer(launch->gid));
    json_object_set_new(doc, "timeout_s", json_real(launch->timeout_s));
    json_object_set_new(doc, "grace_s", json_real(launch->grace_s));
    json_object_set_new(doc, "log_bytes", json_integer(launch->log_bytes));
    json_object_set_new(doc, "allocation", json_string(allocation));
    if (!l->site.version[CGROUP_CPUSET])
        json_object_set_new(doc, "cpus", json_string(cpus));
    add_groups(l, held, doc);
    words = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    free(allocation);
    free(cpus);
    if (!words)
        return err_set(err, ERR_INVALID, "command or environment: not UTF-8");
    text_init(&text, 0);
    text_init(&path, 0);
    text_add(&text, words);
    text_printf(&path, "%s/launch.json", launch->folder);
    rc = text_write_file(&text, path.bytes, err);
    if (rc == 0)
        chmod(path.bytes, 0600);
    free(words);
    text_release(&text);
    text_release(&path);
    return rc;
}

/* Standard streams go to keeper.log, the control socket to descriptor 3; nothing else is passed. */
static int spawn_keeper(const struct local *l, struct held *held, int control, struct err *err)
{
    char *const argv[] = {l->program, (char[]){"keeper"}, held->folder, NULL};
    char *const env[] = {(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char log[4096];
    int rc;

    snprintf(log, sizeof log, "%s/keeper.log", held->folder);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_adddup2(&actions, control, KEEPER_CONTROL_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, KEEPER_CONTROL_FD + 1);
    rc = posix_spawn(&held->keeper, l->program, &actions, &attributes, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (rc)
        return err_set(err, ERR_IO, "%s: cannot start a keeper: %s", l->program, strerror(rc));
    held->pidfd = pidfd_open(held->keeper, 0);
    return held->pidfd < 0 ? err_set(err, ERR_IO, "pidfd_open: %s", strerror(errno)) : 0;
}

static int prepare(struct local *l, struct held *held, const struct launch *launch, struct err *err)
{
    int rc;

    if (mkdir(launch->folder, 0711) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: cannot make: %s", launch->folder, strerror(errno));
    rc = cgroup_make(&l->site, held->group, err);
    if (rc == 0)
        rc = limit(l, held, err);
    if (rc == 0)
        rc = write_launch(l, held, launch, err);
    return rc;
}

static int local_start(void *state, const struct launch *launch, struct err *err)
{
    struct local *l = state;
    struct held *held = add_held(l, launch);
    int pair[2] = {-1, -1}, rc;

    assign(l, held);
    rc = prepare(l, held, launch, err);
    if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        rc = err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
    if (rc == 0)
        rc = spawn_keeper(l, held, pair[1], err);
    if (pair[1] >= 0)
        close(pair[1]);
    held->control = pair[0];
    if (rc) {
        /* Should a keeper be on its way all the same, it finds the place taken. */
        keeper_claim(launch->folder, NULL, NULL);
        drop_held(l, held);
        return rc;
    }
    watch(l, held->pidfd, launch->attempt);
    watch(l, held->control, launch->attempt);
    return 0;
}

static int connect_control(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", folder);
    if (file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) != 0) {
        close(file);
        return -1;
    }
    return file;
}

/* How it ended, from its folder; without a result nobody saw it. */
static void read_end(const struct held *held, struct backend_end *out)
{
    struct err err;
    int rc = keeper_read_result(held->folder, out, &err);

    if (rc == 1)
        return;
    *out = (struct backend_end){.cause = END_LOST};
    snprintf(out->message, sizeof out->message, "%.250s",
             rc < 0 ? err.message : "the keeper ended without a result");
}

static void give_end(struct local *l, struct held *held, struct backend_event *out)
{
    siginfo_t info;

    *out = (struct backend_event){.kind = BACKEND_ENDED, .attempt = held->attempt, .progress = -1};
    if (held->pidfd >= 0)
        waitid(P_PIDFD, (id_t)held->pidfd, &info, WEXITED | WNOHANG);
    read_end(held, &out->end);
    out->at_s = out->end.over_s;
    if (out->end.cause == END_LOST) {
        cgroup_freeze(&l->site, held->group, false, NULL);
        cgroup_kill(&l->site, held->group);
    }
    drop_held(l, held);
}

static void adopt_cpus(struct local *l, struct held *held)
{
    struct text path;
    json_error_t trouble;
    struct cpu_list list;
    const char *words;
    json_t *doc, *told;

    text_init(&path, 0);
    text_printf(&path, "%s/launch.json", held->folder);
    doc = json_load_file(path.bytes, 0, &trouble);
    told = json_loads(json_string_value(json_object_get(doc, "allocation"))
                          ? json_string_value(json_object_get(doc, "allocation"))
                          : "{}",
                      0, NULL);
    words = json_string_value(json_object_get(told, "cpus"));
    if (l->exclusive && words && cpu_list_parse(&list, words, NULL) == 0)
        cpu_pool_restore(&l->cpus, held->attempt, &list);
    words = json_string_value(json_object_get(told, l->parts.parts > 1 ? "gpu_units" : "gpus"));
    if (words && cpu_list_parse(&list, words, NULL) == 0)
        cpu_pool_restore(&l->gpus, held->attempt, &list);
    json_decref(doc);
    json_decref(told);
    text_release(&path);
}

static int local_adopt(void *state, const struct launch *launch, enum adoption *out,
                       struct err *err)
{
    struct local *l = state;
    struct process_id owner;
    struct held *held;
    int rc = keeper_read_claim(launch->folder, &owner, err);

    *out = ADOPTED_NEVER;
    if (rc == ERR_NOT_FOUND && access(launch->folder, F_OK) != 0)
        return 0;
    if (rc == ERR_NOT_FOUND) {
        rc = keeper_claim(launch->folder, NULL, err);
        if (rc == 1) /* a keeper was faster */
            rc = keeper_read_claim(launch->folder, &owner, err);
    }
    held = add_held(l, launch);
    if (rc == 0) {
        drop_held(l, held);
        return 0;
    }
    if (rc < 0) {
        drop_held(l, held);
        return rc;
    }
    *out = ADOPTED;
    held->keeper = owner.pid;
    held->pidfd = process_open(&owner);
    if (held->pidfd < 0) {
        struct backend_event event;

        give_end(l, held, &event);
        vector_push(&l->ready, event);
        return 0;
    }
    adopt_cpus(l, held);
    assign(l, held);
    held->control = connect_control(launch->folder);
    watch(l, held->pidfd, launch->attempt);
    if (held->control >= 0)
        watch(l, held->control, launch->attempt);
    return 0;
}

static int tell(struct held *held, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int tell(struct held *held, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    int length, rc = -1;

    va_start(args, format);
    length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0)
        return -1;
    if (held->control < 0)
        held->control = connect_control(held->folder);
    if (held->control >= 0 &&
        send(held->control, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) == length)
        rc = 0;
    free(line);
    return rc;
}

static void set_cpus(void *arg, pid_t pid)
{
    const struct held *held = arg;

    process_set_cpus(pid, held->cpus.id, held->cpus.count);
}

static int local_resize(void *state, int64_t attempt, const struct allocation *allocation,
                        struct err *err)
{
    struct local *l = state;
    struct held *held = find_held(l, attempt);
    char *words;
    int rc;

    if (!held)
        return err_set(err, ERR_NOT_FOUND, "attempt %" PRId64 " does not run here", attempt);
    held->allocation = *allocation;
    assign(l, held);
    rc = limit(l, held, err);
    if (rc == 0 && !l->site.version[CGROUP_CPUSET] && held->cpus.count)
        process_each_below(held->keeper, set_cpus, held);
    words = describe_allocation(l, held);
    tell(held, "alloc %s\n", words);
    free(words);
    return rc;
}

static int local_stop(void *state, int64_t attempt, double grace_s, struct err *err)
{
    struct local *l = state;
    struct held *held = find_held(l, attempt);

    if (!held)
        return err_set(err, ERR_NOT_FOUND, "attempt %" PRId64 " does not run here", attempt);
    if (held->frozen)
        cgroup_freeze(&l->site, held->group, false, NULL);
    if (tell(held, "stop %.0f\n", grace_s * 1000))
        return err_set(err, ERR_IO, "attempt %" PRId64 ": its keeper does not answer", attempt);
    return 0;
}

static void pause_one(void *arg, pid_t pid)
{
    kill(pid, *(const int *)arg);
}

static int local_freeze(void *state, int64_t attempt, bool frozen, struct err *err)
{
    struct local *l = state;
    struct held *held = find_held(l, attempt);
    int signal = frozen ? SIGSTOP : SIGCONT, rc = 0;

    if (!held)
        return err_set(err, ERR_NOT_FOUND, "attempt %" PRId64 " does not run here", attempt);
    if (l->site.version[CGROUP_FREEZER])
        rc = cgroup_freeze(&l->site, held->group, frozen, err);
    else
        process_each_below(held->keeper, pause_one, &signal);
    if (rc == 0)
        held->frozen = frozen;
    return rc;
}

static int local_usage(void *state, int64_t attempt, struct backend_usage *out)
{
    struct local *l = state;
    const struct held *held = find_held(l, attempt);

    *out = (struct backend_usage){-1, -1};
    if (!held)
        return ERR_NOT_FOUND;
    out->cpu_s = cgroup_cpu_s(&l->site, held->group);
    out->mem_bytes = cgroup_mem_bytes(&l->site, held->group);
    return 0;
}

/* A line of a keeper as an event; false if it is none. */
static bool read_line(struct local *l, const struct held *held, const char *line,
                      struct backend_event *out)
{
    json_t *doc;
    char *metrics, *end;

    *out = (struct backend_event){.attempt = held->attempt, .progress = -1};
    if (strncmp(line, "started ", 8) == 0) {
        out->kind = BACKEND_STARTED;
        out->pid = strtoll(line + 8, &end, 10);
        out->at_s = strtod(end, NULL) / 1e6;
        return true;
    }
    if (strncmp(line, "progress ", 9) != 0)
        return false;
    doc = json_loads(line + 9, 0, NULL);
    out->kind = BACKEND_PROGRESS;
    out->progress = json_number_value(json_object_get(doc, "progress"));
    out->at_s = json_number_value(json_object_get(doc, "at_us")) / 1e6;
    metrics = json_dumps(json_object_get(doc, "metrics"), JSON_COMPACT);
    out->pid = (int64_t)l->metrics.length; /* the text may move while it grows */
    text_add(&l->metrics, metrics ? metrics : "{}");
    text_add_char(&l->metrics, 0);
    free(metrics);
    json_decref(doc);
    return true;
}

static int take_lines(struct local *l, struct held *held, struct backend_event *out, int max)
{
    char *at = held->input.bytes, *end;
    size_t rest;
    int count = 0;

    while (count < max &&
           (end = memchr(at, '\n', held->input.length - (size_t)(at - held->input.bytes)))) {
        *end = 0;
        count += read_line(l, held, at, &out[count]);
        at = end + 1;
    }
    rest = held->input.length - (size_t)(at - held->input.bytes);
    memmove(held->input.bytes, at, rest);
    held->input.length = rest;
    held->input.bytes[rest] = 0;
    return count;
}

static void read_control(struct held *held)
{
    char bytes[8192];
    ssize_t got;

    while (held->control >= 0 && held->input.length < KEEPER_LINE_BYTES / 2) {
        got = recv(held->control, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0)
            return;
        if (got == 0 || held->input.length + (size_t)got > KEEPER_LINE_BYTES) {
            close(held->control);
            held->control = -1;
            return;
        }
        text_add_bytes(&held->input, bytes, (size_t)got);
    }
}

/* A pidfd is readable once its process has ended, also of one that is not our child. */
static bool is_over(const struct held *held)
{
    struct pollfd over = {.fd = held->pidfd, .events = POLLIN};

    return poll(&over, 1, 0) > 0;
}

static int local_poll(void *state, struct backend_event *out, int max)
{
    struct local *l = state;
    struct epoll_event event[64];
    int count = 0, seen;

    text_reset(&l->metrics);
    while (l->ready.count && count < max)
        out[count++] = vector_pop(&l->ready);
    seen = epoll_wait(l->epoll, event, 64, 0);
    for (int i = 0; i < seen && count < max - 1; i++) {
        struct held *held = find_held(l, (int64_t)event[i].data.u64);

        if (!held)
            continue;
        read_control(held);
        count += take_lines(l, held, out + count, max - 1 - count);
        if (!memchr(held->input.bytes, '\n', held->input.length) && is_over(held))
            give_end(l, held, &out[count++]);
    }
    for (int i = 0; i < count; i++)
        if (out[i].kind == BACKEND_PROGRESS) {
            out[i].metrics = l->metrics.bytes + out[i].pid;
            out[i].pid = 0;
        }
    return count;
}

static int local_descriptor(void *state)
{
    return ((struct local *)state)->epoll;
}

static void local_describe(void *state, struct text *out)
{
    const struct local *l = state;
    const int *version = l->site.version;
    const char *pinned = l->exclusive ? "processors of its own" : "processors of the cluster";

    if (l->config.cpu >= 0) {
        if (version[CGROUP_CPU] || version[CGROUP_CPUSET])
            text_printf(out, "cpu: %s%s%s (cgroup v%d)\n", version[CGROUP_CPU] ? "quota" : "",
                        version[CGROUP_CPU] && version[CGROUP_CPUSET] ? " and " : "",
                        version[CGROUP_CPUSET] ? pinned : "",
                        version[CGROUP_CPU] ? version[CGROUP_CPU] : version[CGROUP_CPUSET]);
        else
            text_printf(out, "cpu: %s, by affinity; no quota\n", pinned);
    }
    if (l->config.mem >= 0 && version[CGROUP_MEMORY])
        text_printf(out, "mem: limit (cgroup v%d)\n", version[CGROUP_MEMORY]);
    else if (l->config.mem >= 0)
        text_add(out, "mem: booked, not enforced\n");
    if (l->config.gpu >= 0)
        text_add(out, "gpu: CUDA_VISIBLE_DEVICES");
    if (l->config.gpu >= 0 && l->parts.parts > 1)
        text_printf(out, ", %d parts of each by MPS", l->parts.parts);
    if (l->config.gpu >= 0)
        text_add_char(out, '\n');
    text_printf(out, "freeze: %s\n", version[CGROUP_FREEZER] ? "cgroup" : "SIGSTOP");
}

static void local_close(void *state)
{
    struct local *l = state;

    for (size_t i = 0; i < l->held.count; i++)
        close_held(l->held.item[i]);
    vector_release(&l->held);
    vector_release(&l->ready);
    cgroup_site_close(&l->site);
    gpu_parts_release(&l->parts);
    if (l->epoll >= 0)
        close(l->epoll);
    text_release(&l->metrics);
    free(l->program);
    free(l->cluster);
    free(l->groups);
    free(l);
}

static int open_pools(struct local *l, struct err *err)
{
    const struct backend_config *config = &l->config;
    int gpus = amount_of(l, &config->capacity, config->gpu), rc = 0;
    struct cpu_list listed;

    if (config->cpus)
        rc = cpu_list_parse(&l->members, config->cpus, err);
    else
        cpu_list_own(&l->members);
    if (rc == 0)
        rc = cpu_list_gpus(&listed, config->gpus, gpus, err);
    if (rc == 0)
        rc = gpu_parts_open(&l->parts, l->cluster, gpus, &listed, err);
    if (rc == 0)
        gpu_parts_units(&l->parts, gpus, &l->gpus.all);
    l->cpus.all = l->members;
    l->exclusive = amount_of(l, &config->capacity, config->cpu) <= l->members.count;
    return rc;
}

static int open_with(struct local **out, const struct backend_config *config,
                     void (*groups)(struct cgroup_site *, const char *root, const char *name),
                     struct err *err)
{
    struct local *l = xcalloc(1, sizeof *l);
    int rc;

    l->config = *config;
    l->program = xstrdup(config->program);
    l->cluster = xstrdup(config->cluster);
    l->groups = xstrdup(config->groups);
    text_init(&l->metrics, 0);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    rc = open_pools(l, err);
    if (rc == 0)
        groups(&l->site, config->groups_at ? config->groups_at : "/sys/fs/cgroup", l->groups);
    if (rc)
        local_close(l);
    *out = rc ? NULL : l;
    return rc;
}

static int local_open(void **out, const struct backend_config *config, struct err *err)
{
    struct local *l;
    int rc = open_with(&l, config, cgroup_site_open, err);

    *out = l;
    return rc;
}

static int local_probe(const struct backend_config *config, struct text *out, struct err *err)
{
    struct local *l;
    int rc = open_with(&l, config, cgroup_site_probe, err);

    if (rc)
        return rc;
    local_describe(l, out);
    local_close(l);
    return 0;
}

const struct backend_ops backend_local = {
    .name = "local",
    .summary = "processes of this machine, in control groups where they are writable",
    .open = local_open,
    .probe = local_probe,
    .start = local_start,
    .adopt = local_adopt,
    .resize = local_resize,
    .stop = local_stop,
    .freeze = local_freeze,
    .usage = local_usage,
    .poll = local_poll,
    .descriptor = local_descriptor,
    .describe = local_describe,
    .close = local_close,
};
