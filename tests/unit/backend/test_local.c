/* SPDX-License-Identifier: Apache-2.0 */
/* The local backend with real processes, well-behaved and not. */
#include "harness.h"
#include "temp_folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/cgroup.h"
#include "backend/cpu_list.h"
#include "backend/keeper.h"
#include "backend/keeper_log.h"
#include "backend/process.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

enum { CPU, GPU, MEM };

struct fixture {
    struct temp_folder folder;
    char *groups_at; /* NULL: the real ones */
    char groups[64];
    void *backend;
    struct err err;
    int64_t attempts;
    double progress; /* last reported */
    char metrics[256];
    bool started;
    struct backend_event event[8];
    int events, next;
};

static struct backend_config make_config(const struct fixture *f)
{
    return (struct backend_config){.cluster = "edge",
                                   .program = TEST_BUILD_DIR "/tapfinger",
                                   .groups = f->groups,
                                   .gpus = "3,5",
                                   .groups_at = f->groups_at,
                                   .capacity = {{2, 2, 4096}},
                                   .cpu = CPU,
                                   .gpu = GPU,
                                   .mem = MEM,
                                   .mem_unit_bytes = 1 << 20};
}

static void open_backend(struct fixture *f)
{
    struct backend_config config = make_config(f);

    if (backend_local.open(&f->backend, &config, &f->err))
        fail_msg("%s", f->err.message);
}

static void fixture_open(struct fixture *f)
{
    *f = (struct fixture){.progress = -1};
    temp_folder_open(&f->folder);
    chmod(f->folder.path, 0711);
    snprintf(f->groups, sizeof f->groups, "tap-%.40s", strrchr(f->folder.path, '/') + 1);
    open_backend(f);
}

static void fixture_close(struct fixture *f)
{
    backend_local.close(f->backend);
    temp_folder_close(&f->folder);
    free(f->groups_at);
}

static const char *const environment[] = {"PATH=/usr/bin:/bin:" TEST_BUILD_DIR, "GREETING=hello",
                                          NULL};

static struct launch make_launch(struct fixture *f, char *folder, size_t bytes,
                                 const char *const *argv)
{
    snprintf(folder, bytes, "%s/%" PRId64, f->folder.path, f->attempts);
    return (struct launch){.attempt = f->attempts,
                           .folder = folder,
                           .argv = argv,
                           .env = environment,
                           .cwd = "/tmp",
                           .uid = geteuid(),
                           .gid = getegid(),
                           .allocation = {{1, 0, 256}},
                           .grace_s = 0.2,
                           .log_bytes = 1 << 20};
}

/* Starts a shell command; fields of the launch may be changed by the caller through `change`. */
static int64_t start_shell(struct fixture *f, const char *script, void (*change)(struct launch *))
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    char folder[256];
    struct launch launch;

    f->attempts++;
    launch = make_launch(f, folder, sizeof folder, argv);
    if (change)
        change(&launch);
    if (backend_local.start(f->backend, &launch, &f->err))
        fail_msg("%s", f->err.message);
    return launch.attempt;
}

static void note_event(struct fixture *f, const struct backend_event *event)
{
    if (event->kind == BACKEND_PROGRESS) {
        f->progress = event->progress;
        snprintf(f->metrics, sizeof f->metrics, "%s", event->metrics);
    }
    f->started |= event->kind == BACKEND_STARTED;
}

static bool wait_event(struct fixture *f, struct backend_event *out, int timeout_ms)
{
    struct pollfd file = {.fd = backend_local.descriptor(f->backend), .events = POLLIN};

    for (int waited = 0; waited <= timeout_ms && f->next == f->events; waited += 50) {
        f->next = 0;
        f->events = backend_local.poll(f->backend, f->event, (int)COUNT_OF(f->event));
        for (int i = 0; i < f->events; i++)
            note_event(f, &f->event[i]);
        if (f->events == 0)
            poll(&file, 1, 50);
    }
    if (f->next == f->events)
        return false;
    *out = f->event[f->next++];
    return true;
}

static struct backend_end wait_end(struct fixture *f)
{
    struct backend_event event;

    do
        if (!wait_event(f, &event, 20000))
            fail_msg("no end");
    while (event.kind != BACKEND_ENDED);
    return event.end;
}

static void wait_started(struct fixture *f)
{
    struct backend_event event;

    do
        if (!wait_event(f, &event, 20000))
            fail_msg("no start");
    while (event.kind != BACKEND_STARTED);
}

static void read_log(struct fixture *f, int64_t attempt, const char *name, struct text *out,
                     int64_t *from, int64_t *size)
{
    char folder[256];

    snprintf(folder, sizeof folder, "%s/%" PRId64, f->folder.path, attempt);
    text_init(out, 0);
    assert_int_equal(keeper_log_read(folder, name, from, 1 << 24, out, size, &f->err), 0);
}

static void expect_log(struct fixture *f, int64_t attempt, const char *name, const char *wanted)
{
    int64_t from = 0, size;
    struct text text;

    read_log(f, attempt, name, &text, &from, &size);
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static void output_and_code_are_kept(void **state)
{
    struct backend_end end;
    struct fixture f;
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f,
                          "echo $GREETING; pwd; echo $TAP_CPUS $TAP_GPUS $OMP_NUM_THREADS; "
                          "echo trouble >&2; exit 7",
                          NULL);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_EXIT);
    assert_int_equal(end.code, 7);
    assert_int_equal(end.signal, 0);
    assert_true(end.started_us > 0 && end.ended_us >= end.started_us);
    assert_true(f.started);
    expect_log(&f, attempt, "stdout", "hello\n/tmp\n1 0 1\n");
    expect_log(&f, attempt, "stderr", "trouble\n");
    start_shell(&f, "kill -SEGV $$", NULL);
    end = wait_end(&f);
    assert_int_equal(end.signal, SIGSEGV);
    fixture_close(&f);
}

static void with_gpus(struct launch *launch)
{
    launch->allocation.amount[GPU] = 1;
}

static void gpus_are_handed_out(void **state)
{
    struct fixture f;
    int64_t first, second;

    (void)state;
    fixture_open(&f);
    first = start_shell(&f, "echo $CUDA_VISIBLE_DEVICES; sleep 0.5", with_gpus);
    wait_started(&f);
    second = start_shell(&f, "echo $CUDA_VISIBLE_DEVICES", with_gpus);
    wait_end(&f);
    wait_end(&f);
    expect_log(&f, first, "stdout", "3\n");
    expect_log(&f, second, "stdout", "5\n");
    fixture_close(&f);
}

static void with_three_parts(struct launch *launch)
{
    launch->allocation.amount[GPU] = 3;
}

/* A pretended MPS: nothing but the pipe that tells that it is there. */
static void pretend_mps(const struct fixture *f)
{
    char path[300];

    setenv("CUDA_MPS_PIPE_DIRECTORY", f->folder.path, 1);
    snprintf(path, sizeof path, "%s/control", f->folder.path);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void gpus_in_parts_have_their_share(void **state)
{
    static const char script[] =
        "echo $CUDA_VISIBLE_DEVICES $CUDA_MPS_ACTIVE_THREAD_PERCENTAGE $TAP_GPUS; "
        "[ \"$CUDA_MPS_PIPE_DIRECTORY\" ] && echo pipes; sleep 0.5";
    struct backend_config config;
    int64_t first, second, none;
    struct text words;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    backend_local.close(f.backend);
    config = make_config(&f);
    config.capacity.amount[GPU] = 8; /* of two */
    setenv("CUDA_MPS_PIPE_DIRECTORY", "/no/such/folder", 1);
    assert_int_equal(backend_local.open(&f.backend, &config, &f.err), ERR_INVALID);
    assert_non_null(strstr(f.err.message, "8 GPUs, but 2 are listed; to give them out in parts"));
    pretend_mps(&f);
    config.capacity.amount[GPU] = 7;
    assert_int_equal(backend_local.open(&f.backend, &config, &f.err), ERR_INVALID);
    config.capacity.amount[GPU] = 8;
    if (backend_local.open(&f.backend, &config, &f.err))
        fail_msg("%s", f.err.message);
    text_init(&words, 0);
    backend_local.describe(f.backend, &words);
    assert_non_null(strstr(words.bytes, "gpu: CUDA_VISIBLE_DEVICES, 4 parts of each by MPS\n"));
    text_release(&words);
    first = start_shell(&f, script, with_three_parts);
    wait_started(&f);
    second = start_shell(&f, script, with_three_parts); /* one is left of the first GPU */
    none = start_shell(&f, script, NULL);
    wait_end(&f);
    wait_end(&f);
    wait_end(&f);
    expect_log(&f, first, "stdout", "3 75 3\npipes\n");
    expect_log(&f, second, "stdout", "3,5 25 3\npipes\n");
    expect_log(&f, none, "stdout", "0\n");
    unsetenv("CUDA_MPS_PIPE_DIRECTORY");
    fixture_close(&f);
}

static void nowhere(struct launch *launch)
{
    launch->cwd = "/no/such/folder";
}

static void what_cannot_run_says_why(void **state)
{
    static const char *const missing[] = {"/no/such/program", NULL};
    struct backend_end end;
    struct launch launch;
    struct fixture f;
    char folder[256];

    (void)state;
    fixture_open(&f);
    start_shell(&f, "true", nowhere);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_ERROR);
    assert_non_null(strstr(end.message, "/no/such/folder"));
    f.attempts++;
    launch = make_launch(&f, folder, sizeof folder, missing);
    assert_int_equal(backend_local.start(f.backend, &launch, &f.err), 0);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_ERROR);
    assert_non_null(strstr(end.message, "cannot run /no/such/program"));
    fixture_close(&f);
}

static void short_time(struct launch *launch)
{
    launch->timeout_s = 0.3;
}

static void a_task_that_ignores_sigterm_is_killed(void **state)
{
    struct backend_end end;
    struct fixture f;
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    start_shell(&f, "trap '' TERM; sleep 30 & wait; sleep 30", short_time);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_TIMEOUT);
    assert_int_equal(end.signal, SIGKILL);
    assert_true(end.wall_s >= 0.45 && end.wall_s < 10);
    attempt = start_shell(
        &f, "trap 'echo saved; exit 3' TERM; echo up; while :; do sleep 0.02; done", NULL);
    wait_started(&f);
    usleep(200000);
    assert_int_equal(backend_local.stop(f.backend, attempt, 10, &f.err), 0);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_STOPPED);
    assert_int_equal(end.code, 3);
    expect_log(&f, attempt, "stdout", "up\nsaved\n");
    fixture_close(&f);
}

static bool is_alive(pid_t pid)
{
    char path[64], line[512];
    FILE *file;
    bool alive;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    alive = file && fgets(line, sizeof line, file) && !strstr(line, ") Z ");
    if (file)
        fclose(file);
    return alive;
}

/* A grandchild in a session of its own, with everything closed. */
static void a_task_that_forks_away_is_caught(void **state)
{
    struct fixture f;
    struct text text;
    int64_t attempt, from = 0, size;
    long pid;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(
        &f, "setsid sh -c 'setsid sleep 60 <&- >&- 2>&- & echo $!; exit' ; sleep 0.1; exit 0",
        NULL);
    assert_int_equal(wait_end(&f).code, 0);
    read_log(&f, attempt, "stdout", &text, &from, &size);
    pid = strtol(text.bytes, NULL, 10);
    assert_true(pid > 1);
    assert_false(is_alive((pid_t)pid));
    text_release(&text);
    fixture_close(&f);
}

static void small_log(struct launch *launch)
{
    launch->log_bytes = 40000;
}

static void a_full_log_loses_its_oldest_part(void **state)
{
    struct fixture f;
    struct text text;
    int64_t attempt, from = 0, size;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f, "seq 1 50000; echo end", small_log);
    assert_int_equal(wait_end(&f).code, 0);
    read_log(&f, attempt, "stdout", &text, &from, &size);
    assert_int_equal(size, 288894 + 4); /* seq 1 50000 | wc -c */
    assert_true(from > 0);
    assert_int_equal(from + (int64_t)text.length, size);
    assert_true(text.length >= 30000 && text.length <= 40000);
    assert_string_equal(text.bytes + text.length - 10, "50000\nend\n");
    text_release(&text);
    from = -4;
    read_log(&f, attempt, "stdout", &text, &from, &size);
    assert_string_equal(text.bytes, "end\n");
    text_release(&text);
    fixture_close(&f);
}

static void progress_is_passed_on_and_garbage_is_not(void **state)
{
    struct backend_event event;
    struct fixture f;
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f,
                          "tapfinger progress 0.25 --metric loss=1.5; sleep 0.3; "
                          "tapfinger progress 0.5; sleep 0.3; exit 0",
                          NULL);
    (void)attempt;
    while (f.progress < 0.5)
        assert_true(wait_event(&f, &event, 10000));
    assert_string_equal(f.metrics, "{\"loss\":1.5}");
    assert_int_equal(wait_end(&f).code, 0);
    fixture_close(&f);
}

/* Bytes of no sense, lines without end, silence. */
static void garbage_on_the_socket_harms_nobody(void **state)
{
    static const char script[] =
        "tapfinger progress 0.75;"
        "bash -c 'for i in 1 2 3; do head -c 200000 /dev/urandom; done' | "
        "perl -e 'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ENV{TAP_SOCKET});"
        "  $SIG{PIPE} = \"IGNORE\"; while (read(STDIN, my $b, 4096)) { print $s $b } close $s;"
        "  my @k = map { IO::Socket::UNIX->new(Peer => $ENV{TAP_SOCKET}) } 1..40;"
        "  for my $l (q({\"progress\":2}), q({\"progress\":\"x\"}), q([1]), q({), "
        "q({\"progress\":-1}))"
        "  { my $t = IO::Socket::UNIX->new(Peer => $ENV{TAP_SOCKET}); print $t \"$l\\n\" if $t }';"
        "exit 4";
    struct fixture f;

    (void)state;
    fixture_open(&f);
    start_shell(&f, script, NULL);
    assert_int_equal(wait_end(&f).code, 4);
    assert_true(f.progress == 0.75);
    fixture_close(&f);
}

static bool has_cpu_groups(struct fixture *f)
{
    struct text text;
    bool has;

    text_init(&text, 0);
    backend_local.describe(f->backend, &text);
    has = strstr(text.bytes, "quota") && !strstr(text.bytes, "no quota") &&
          strstr(text.bytes, "mem: limit");
    text_release(&text);
    return has;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void running_out_of_memory_is_told_apart(void **state)
{
    struct backend_end end;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    if (!has_cpu_groups(&f)) {
        fixture_close(&f);
        SKIP_TEST("no writable control groups");
    }
    start_shell(&f, "exec perl -e '$x = \"x\" x 600000000; print length $x'", NULL);
    end = wait_end(&f);
    assert_int_equal(end.signal, SIGKILL);
    assert_true(end.oom);
    start_shell(&f, "kill -KILL $$", NULL);
    end = wait_end(&f);
    assert_int_equal(end.signal, SIGKILL);
    assert_false(end.oom);
    fixture_close(&f);
}

static void count_processors(const struct fixture *f, int64_t attempt, char *out, size_t bytes)
{
    char folder[256];
    struct process_id keeper;
    struct err err;
    char line[4096];
    FILE *file;

    snprintf(folder, sizeof folder, "%s/%" PRId64, f->folder.path, attempt);
    assert_int_equal(keeper_read_claim(folder, &keeper, &err), 1);
    snprintf(line, sizeof line, "/proc/%d/task/%d/children", (int)keeper.pid, (int)keeper.pid);
    file = fopen(line, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    snprintf(folder, sizeof folder, "/proc/%ld/status", strtol(line, NULL, 10));
    file = fopen(folder, "r");
    assert_non_null(file);
    out[0] = 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "Cpus_allowed_list:", 18) == 0)
            snprintf(out, bytes, "%.60s", line + 19);
    fclose(file);
}

static void resize_and_look(struct fixture *f)
{
    int64_t attempt = start_shell(f, "while :; do :; done", NULL);
    struct allocation two = {{2, 0, 512}};
    char before[64], after[64];
    double began;

    wait_started(f);
    count_processors(f, attempt, before, sizeof before);
    began = now_s();
    assert_int_equal(backend_local.resize(f->backend, attempt, &two, &f->err), 0);
    assert_true(now_s() - began < 0.1);
    count_processors(f, attempt, after, sizeof after);
    assert_string_not_equal(before, after);
    backend_local.stop(f->backend, attempt, 0, &f->err);
    assert_int_equal(wait_end(f).cause, END_STOPPED);
}

static void a_resize_holds_within_a_tenth_of_a_second(void **state)
{
    struct fixture f;
    struct cpu_list own;

    (void)state;
    cpu_list_own(&own);
    if (own.count < 2)
        SKIP_TEST("one processor");
    fixture_open(&f);
    resize_and_look(&f);
    fixture_close(&f);
}

/* A plain folder without control groups below it. */
static void without_groups_affinity_does_it(void **state)
{
    struct fixture f;
    struct text text;
    struct cpu_list own;

    (void)state;
    cpu_list_own(&own);
    if (own.count < 2)
        SKIP_TEST("one processor");
    fixture_open(&f);
    backend_local.close(f.backend);
    f.groups_at = temp_path(&f.folder, "nothing");
    open_backend(&f);
    text_init(&text, 0);
    backend_local.describe(f.backend, &text);
    assert_non_null(strstr(text.bytes, "by affinity; no quota"));
    assert_non_null(strstr(text.bytes, "not enforced"));
    text_release(&text);
    resize_and_look(&f);
    a_task_that_forks_away_is_caught(state);
    fixture_close(&f);
}

static double cpu_share(struct fixture *f, int64_t attempt, double seconds)
{
    struct backend_usage before, after;
    double began = now_s();

    backend_local.usage(f->backend, attempt, &before);
    usleep((useconds_t)(seconds * 1e6));
    backend_local.usage(f->backend, attempt, &after);
    return before.cpu_s < 0 ? -1 : (after.cpu_s - before.cpu_s) / (now_s() - began);
}

static void frozen_tasks_stand_still(void **state)
{
    struct fixture f;
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f, "while :; do :; done", NULL);
    wait_started(&f);
    assert_int_equal(backend_local.freeze(f.backend, attempt, true, &f.err), 0);
    usleep(50000);
    if (cpu_share(&f, attempt, 0.2) >= 0)
        assert_true(cpu_share(&f, attempt, 0.3) < 0.02);
    assert_int_equal(backend_local.freeze(f.backend, attempt, false, &f.err), 0);
    if (cpu_share(&f, attempt, 0.01) >= 0)
        assert_true(cpu_share(&f, attempt, 0.5) > 0.05);
    assert_int_equal(backend_local.freeze(f.backend, attempt, true, &f.err), 0);
    backend_local.stop(f.backend, attempt, 0.1, &f.err); /* thaws it first */
    assert_int_equal(wait_end(&f).cause, END_STOPPED);
    fixture_close(&f);
}

static void running_tasks_are_found_again(void **state)
{
    const char *const argv[] = {"true", NULL};
    struct backend_end end;
    enum adoption adoption;
    struct launch launch;
    struct fixture f;
    char folder[256];
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f, "tapfinger progress 0.5; sleep 0.6; echo done; exit 5", NULL);
    wait_started(&f);
    usleep(300000);
    backend_local.close(f.backend);
    f.progress = -1;
    open_backend(&f);
    launch = make_launch(&f, folder, sizeof folder, argv);
    assert_int_equal(backend_local.adopt(f.backend, &launch, &adoption, &f.err), 0);
    assert_int_equal(adoption, ADOPTED);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_EXIT);
    assert_int_equal(end.code, 5);
    assert_true(f.progress == 0.5);
    expect_log(&f, attempt, "stdout", "done\n");
    /* Once more, now that it is over. */
    assert_int_equal(backend_local.adopt(f.backend, &launch, &adoption, &f.err), 0);
    assert_int_equal(adoption, ADOPTED);
    assert_int_equal(wait_end(&f).code, 5);
    fixture_close(&f);
}

static void what_never_started_never_will(void **state)
{
    const char *const argv[] = {"true", NULL};
    enum adoption adoption;
    struct launch launch;
    struct fixture f;
    char folder[256];
    struct process_id owner;

    (void)state;
    fixture_open(&f);
    f.attempts++;
    launch = make_launch(&f, folder, sizeof folder, argv);
    assert_int_equal(backend_local.adopt(f.backend, &launch, &adoption, &f.err), 0);
    assert_int_equal(adoption, ADOPTED_NEVER);
    mkdir(folder, 0700); /* made, but nobody came */
    assert_int_equal(backend_local.adopt(f.backend, &launch, &adoption, &f.err), 0);
    assert_int_equal(adoption, ADOPTED_NEVER);
    assert_true(process_identify(getpid(), &owner));
    assert_int_equal(keeper_claim(folder, &owner, &f.err), 1); /* a late keeper */
    assert_int_equal(backend_local.adopt(f.backend, &launch, &adoption, &f.err), 0);
    assert_int_equal(adoption, ADOPTED_NEVER);
    fixture_close(&f);
}

static void a_keeper_that_dies_loses_its_task(void **state)
{
    struct process_id keeper;
    struct backend_end end;
    struct fixture f;
    char folder[256];
    int64_t attempt;

    (void)state;
    fixture_open(&f);
    attempt = start_shell(&f, "sleep 60", NULL);
    wait_started(&f);
    snprintf(folder, sizeof folder, "%s/%" PRId64, f.folder.path, attempt);
    assert_int_equal(keeper_read_claim(folder, &keeper, &f.err), 1);
    kill(keeper.pid, SIGKILL);
    end = wait_end(&f);
    assert_int_equal(end.cause, END_LOST);
    fixture_close(&f);
}

static void as_nobody(struct launch *launch)
{
    launch->uid = 65534;
    launch->gid = 65534;
}

/* The program where everybody may run it: the tree may lie where others can not read. */
static void copy_program(const char *to)
{
    struct text program;
    struct err err;

    text_init(&program, 0);
    assert_int_equal(text_read_file(&program, TEST_BUILD_DIR "/tapfinger", &err), 0);
    assert_int_equal(text_write_file(&program, to, &err), 0);
    assert_int_equal(chmod(to, 0755), 0);
    text_release(&program);
}

static void a_task_has_the_rights_of_its_submitter(void **state)
{
    char *program, script[600];
    struct fixture f;
    int64_t attempt;

    (void)state;
    if (geteuid() != 0)
        SKIP_TEST("not root");
    fixture_open(&f);
    program = temp_path(&f.folder, "tapfinger");
    copy_program(program);
    snprintf(script, sizeof script,
             "id -u; id -G; cat $TAP_SOCKET.x /etc/shadow >/dev/null && echo read; "
             "%s progress 0.5 && echo told",
             program);
    free(program);
    attempt = start_shell(&f, script, as_nobody);
    wait_end(&f);
    expect_log(&f, attempt, "stdout", "65534\n65534\ntold\n");
    assert_true(f.progress == 0.5 || f.progress == -1);
    fixture_close(&f);
}

/* Version 2, where this machine may have version 1 only: a folder that looks like it. */
static void version_2_files_are_written(void **state)
{
    static const char *const file[] = {"/g/a1/cpu.max", "/g/a1/cpuset.cpus", "/g/a1/memory.max",
                                       "/g/a1/cgroup.freeze"};
    static const char *const wanted[] = {"75000 50000", "0-1", "1048576", "1"};
    struct temp_folder folder;
    struct cgroup_site site;
    struct text text;
    struct err err;
    char *path;

    (void)state;
    temp_folder_open(&folder);
    path = temp_path(&folder, "cgroup.controllers");
    text_init(&text, 0);
    text_add(&text, "cpuset cpu io memory pids\n");
    assert_int_equal(text_write_file(&text, path, &err), 0);
    free(path);
    cgroup_site_open(&site, folder.path, "g");
    assert_int_equal(site.version[CGROUP_CPU], 2);
    assert_int_equal(site.version[CGROUP_FREEZER], 2);
    assert_int_equal(cgroup_make(&site, "a1", &err), 0);
    assert_int_equal(cgroup_set_cpu(&site, "a1", 1.5, &err), 0);
    assert_int_equal(cgroup_set_cpuset(&site, "a1", "0-1", &err), 0);
    assert_int_equal(cgroup_set_memory(&site, "a1", 1 << 20, &err), 0);
    assert_int_equal(cgroup_freeze(&site, "a1", true, &err), 0);
    for (size_t i = 0; i < COUNT_OF(file); i++) {
        path = temp_path(&folder, file[i] + 1);
        text_reset(&text);
        assert_int_equal(text_read_file(&text, path, &err), 0);
        assert_string_equal(text.bytes, wanted[i]);
        free(path);
    }
    text_release(&text);
    cgroup_site_close(&site);
    temp_folder_close(&folder);
}

static void write_words(const struct temp_folder *folder, const char *name, const char *words)
{
    char *path = temp_path(folder, name);
    struct text text;
    struct err err;

    text_init(&text, 0);
    text_add(&text, words);
    assert_int_equal(text_write_file(&text, path, &err), 0);
    text_release(&text);
    free(path);
}

static void a_probe_finds_what_an_open_finds(void **state)
{
    struct cgroup_site probed, opened;
    struct temp_folder folder;
    struct text text;
    struct err err;
    char *control;

    (void)state;
    temp_folder_open(&folder);
    write_words(&folder, "cgroup.controllers", "cpu memory pids\n");
    write_words(&folder, "cgroup.subtree_control", "pids\n");
    cgroup_site_probe(&probed, folder.path, "g");
    control = temp_path(&folder, "g");
    assert_int_equal(access(control, F_OK), 0);
    cgroup_site_close(&probed);
    assert_int_not_equal(access(control, F_OK), 0);
    free(control);
    control = temp_path(&folder, "cgroup.subtree_control");
    text_init(&text, 0);
    assert_int_equal(text_read_file(&text, control, &err), 0);
    assert_string_equal(text.bytes, "pids\n");
    text_release(&text);
    free(control);
    cgroup_site_probe(&probed, folder.path, "g");
    cgroup_site_open(&opened, folder.path, "g");
    assert_int_equal(probed.version[CGROUP_CPU], 2);
    assert_int_equal(probed.version[CGROUP_CPUSET], 0);
    assert_memory_equal(probed.version, opened.version, sizeof opened.version);
    cgroup_site_close(&opened);
    cgroup_site_close(&probed);
    temp_folder_close(&folder);
}

static void a_vanished_group_is_an_error_not_a_crash(void **state)
{
    struct allocation two = {{2, 0, 512}};
    struct backend_event event;
    struct fixture f;
    int64_t attempt;
    char group[32];

    (void)state;
    fixture_open(&f);
    if (!has_cpu_groups(&f)) {
        fixture_close(&f);
        SKIP_TEST("no writable control groups");
    }
    attempt = start_shell(&f, "exit 0", NULL);
    do
        assert_true(wait_event(&f, &event, 10000));
    while (event.kind != BACKEND_ENDED);
    (void)attempt;
    attempt = start_shell(&f, "sleep 60", NULL);
    wait_started(&f);
    {
        struct cgroup_site site;

        cgroup_site_open(&site, "/sys/fs/cgroup", f.groups);
        snprintf(group, sizeof group, "a%" PRId64, attempt);
        cgroup_kill(&site, group);
        for (int i = 0; i < 100 && !cgroup_is_empty(&site, group); i++)
            usleep(20000);
        cgroup_remove(&site, group);
        assert_true(backend_local.resize(f.backend, attempt, &two, &f.err) < 0);
        cgroup_site_close(&site);
    }
    assert_int_equal(wait_end(&f).signal, SIGKILL);
    fixture_close(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(output_and_code_are_kept),
    cmocka_unit_test(gpus_are_handed_out),
    cmocka_unit_test(gpus_in_parts_have_their_share),
    cmocka_unit_test(what_cannot_run_says_why),
    cmocka_unit_test(a_task_that_ignores_sigterm_is_killed),
    cmocka_unit_test(a_task_that_forks_away_is_caught),
    cmocka_unit_test(a_full_log_loses_its_oldest_part),
    cmocka_unit_test(progress_is_passed_on_and_garbage_is_not),
    cmocka_unit_test(garbage_on_the_socket_harms_nobody),
    cmocka_unit_test(running_out_of_memory_is_told_apart),
    cmocka_unit_test(a_resize_holds_within_a_tenth_of_a_second),
    cmocka_unit_test(without_groups_affinity_does_it),
    cmocka_unit_test(frozen_tasks_stand_still),
    cmocka_unit_test(running_tasks_are_found_again),
    cmocka_unit_test(what_never_started_never_will),
    cmocka_unit_test(a_keeper_that_dies_loses_its_task),
    cmocka_unit_test(a_task_has_the_rights_of_its_submitter),
    cmocka_unit_test(version_2_files_are_written),
    cmocka_unit_test(a_probe_finds_what_an_open_finds),
    cmocka_unit_test(a_vanished_group_is_an_error_not_a_crash),
};

RUN_TESTS(tests)
