/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child is made by clone3 straight inside its group of version 2, joins those of version 1 by
 * itself, gives up every right that its submitter has not, and then runs the program. A pipe that
 * closes on exec says which of these steps failed, if one did.
 */
#include "backend/keeper_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"

static const char **read_strings(const json_t *list)
{
    size_t count = json_array_size(list);
    const char **item = xcalloc(count + 1, sizeof *item);

    for (size_t i = 0; i < count; i++) {
        item[i] = json_string_value(json_array_get(list, i));
        if (!item[i])
            item[i] = "";
    }
    return item;
}

static const char *string_of(const json_t *doc, const char *key)
{
    return json_string_value(json_object_get(doc, key));
}

static void read_groups(struct keeper_launch *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));

        if (path && out->groups < LAUNCH_GROUPS)
            out->group[out->groups++] = path;
    }
}

int keeper_launch_read(struct keeper_launch *out, const char *folder, struct err *err)
{
    json_error_t trouble;
    char path[4096];
    const char *cpus;

    *out = (struct keeper_launch){0};
    snprintf(path, sizeof path, "%s/launch.json", folder);
    out->doc = json_load_file(path, 0, &trouble);
    if (!out->doc)
        return err_set(err, ERR_CORRUPT, "%s: %s", path, trouble.text);
    out->argv = read_strings(json_object_get(out->doc, "argv"));
    out->env = read_strings(json_object_get(out->doc, "env"));
    out->cwd = string_of(out->doc, "cwd");
    out->user = string_of(out->doc, "user");
    out->uid = (uid_t)json_integer_value(json_object_get(out->doc, "uid"));
    out->gid = (gid_t)json_integer_value(json_object_get(out->doc, "gid"));
    out->unified = string_of(out->doc, "unified");
    read_groups(out, json_object_get(out->doc, "groups"));
    out->memory_group = string_of(out->doc, "memory_group");
    out->memory_unified = json_is_true(json_object_get(out->doc, "memory_unified"));
    out->timeout_s = json_number_value(json_object_get(out->doc, "timeout_s"));
    out->grace_s = json_number_value(json_object_get(out->doc, "grace_s"));
    out->log_bytes = json_integer_value(json_object_get(out->doc, "log_bytes"));
    out->allocation = string_of(out->doc, "allocation");
    cpus = string_of(out->doc, "cpus");
    if (!out->argv[0] || !out->cwd)
        return err_set(err, ERR_CORRUPT, "%s: no command", path);
    return cpus ? cpu_list_parse(&out->cpus, cpus, err) : 0;
}

void keeper_launch_release(struct keeper_launch *launch)
{
    json_decref(launch->doc);
    free(launch->argv);
    free(launch->env);
    *launch = (struct keeper_launch){0};
}

/* Which step of becoming the task failed. */
enum step { STEP_GROUP, STEP_STREAMS, STEP_USER, STEP_FOLDER, STEP_PROGRAM, STEP_LIMITS };

struct failure {
    enum step step;
    int number;
};

_Noreturn static void give_up(int report, enum step step)
{
    struct failure failure = {step, errno};

    (void)!write(report, &failure, sizeof failure);
    _exit(127);
}

static bool join_group(const char *folder)
{
    char path[4096];
    int file;
    bool joined;

    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    file = open(path, O_WRONLY | O_CLOEXEC);
    joined = file >= 0 && write(file, "0", 1) == 1;
    if (file >= 0)
        close(file);
    return joined;
}

static bool become_user(const struct keeper_launch *launch)
{
    if (geteuid() != 0)
        return launch->uid == geteuid();
    if (launch->uid == 0)
        return true;
    if (launch->user ? initgroups(launch->user, launch->gid) : setgroups(1, &launch->gid))
        return false;
    return setresgid(launch->gid, launch->gid, launch->gid) == 0 &&
           setresuid(launch->uid, launch->uid, launch->uid) == 0 && setuid(0) != 0;
}

static void set_cpus(const struct cpu_list *cpus)
{
    cpu_set_t set;

    if (!cpus->count)
        return;
    CPU_ZERO(&set);
    for (int i = 0; i < cpus->count; i++)
        CPU_SET((size_t)cpus->id[i], &set);
    sched_setaffinity(0, sizeof set, &set);
}

_Noreturn static void become_task(const struct keeper_launch *launch, const int stream[3],
                                  int report)
{
    sigset_t none;

    setsid();
    if (launch->unified && !join_group(launch->unified))
        give_up(report, STEP_GROUP);
    for (int i = 0; i < launch->groups; i++)
        if (!join_group(launch->group[i]))
            give_up(report, STEP_GROUP);
    set_cpus(&launch->cpus);
    for (int i = 0; i < 3; i++)
        if (dup2(stream[i], i) < 0)
            give_up(report, STEP_STREAMS);
    close_range(3, (unsigned)report - 1, 0);
    close_range((unsigned)report + 1, ~0u, 0);
    if (!become_user(launch))
        give_up(report, STEP_USER);
    if (prctl(PR_SET_NO_NEW_PRIVS, launch->uid != 0, 0, 0, 0) && launch->uid != 0)
        give_up(report, STEP_USER);
    if (chdir(launch->cwd) != 0)
        give_up(report, STEP_FOLDER);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* execvpe only reads them. */
    execvpe(launch->argv[0], (char *const *)(uintptr_t)launch->argv,
            (char *const *)(uintptr_t)launch->env);
    give_up(report, STEP_PROGRAM);
}

static pid_t clone_child(const struct keeper_launch *launch, int *pidfd)
{
    int group = launch->unified ? open(launch->unified, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (__u64)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    pid_t pid;

    if (group >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (__u64)group;
    }
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0 && group >= 0) { /* not a real control group: it is joined by hand or refused */
        args.flags = CLONE_PIDFD;
        args.cgroup = 0;
        pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    }
    if (pid < 0 && (errno == ENOSYS || errno == EPERM)) { /* filtered, since its flags cannot be */
        pid = fork();
        if (pid > 0)
            *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    }
    if (group >= 0 && pid != 0)
        close(group);
    return pid;
}

static int explain(const struct keeper_launch *launch, const struct failure *failure,
                   struct err *err)
{
    const char *why = strerror(failure->number);

    switch (failure->step) {
    case STEP_FOLDER:
        return err_set(err, ERR_IO, "cannot enter the working directory %s: %s", launch->cwd, why);
    case STEP_PROGRAM:
        return err_set(err, ERR_IO, "cannot run %s: %s", launch->argv[0], why);
    case STEP_USER:
        return err_set(err, ERR_IO, "cannot become user %d: %s", (int)launch->uid, why);
    case STEP_GROUP:
        return err_set(err, ERR_IO, "cannot join the control group: %s", why);
    default:
        return err_set(err, ERR_IO, "cannot set up the task: %s", why);
    }
}

int keeper_launch_start(const struct keeper_launch *launch, int in, int out, int err_file,
                        struct keeper_child *child, struct err *err)
{
    int stream[3] = {in, out, err_file}, report[2];
    struct failure failure;
    ssize_t got;

    *child = (struct keeper_child){.pidfd = -1};
    if (pipe2(report, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    child->pid = clone_child(launch, &child->pidfd);
    if (child->pid == 0)
        become_task(launch, stream, report[1]);
    close(report[1]);
    if (child->pid < 0) {
        close(report[0]);
        return err_set(err, ERR_IO, "cannot start a process: %s", strerror(errno));
    }
    do
        got = read(report[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got != sizeof failure)
        return 0;
    waitpid(child->pid, NULL, 0);
    close(child->pidfd);
    *child = (struct keeper_child){.pidfd = -1};
    return explain(launch, &failure, err);
}
