/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon is one thread, so a fork of it is whole. The child keeps nothing open but the pipe:
 * clients, tasks and the store's file never notice it. It is nice, and ends with the daemon.
 */
#include "serve/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

enum { ANSWER_BYTES = 512 << 20 };

static const double ERRAND_S = 120;

static _Noreturn void run(errand_fn *fn, void *arg, int out)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "tap-errand", 0, 0, 0);
    setpriority(PRIO_PROCESS, 0, 10);
    dup2(out, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fn(arg, STDOUT_FILENO);
    _exit(0);
}

int errand_start(struct errand *errand, errand_fn *fn, void *arg, struct err *err)
{
    int ends[2];

    errand_close(errand);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    errand->pid = fork();
    if (errand->pid == 0)
        run(fn, arg, ends[1]);
    close(ends[1]);
    if (errand->pid < 0) {
        errand->pid = 0;
        close(ends[0]);
        return err_set(err, ERR_IO, "cannot fork: %s", strerror(errno));
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    errand->pipe = ends[0];
    errand->began_s = clock_s(CLOCK_MONOTONIC);
    text_init(&errand->out, ANSWER_BYTES);
    return 0;
}

static void reap(struct errand *errand)
{
    kill(errand->pid, SIGKILL); /* it has said all it had to say, or has to stop */
    waitpid(errand->pid, NULL, 0);
    close(errand->pipe);
    errand->pid = 0;
}

bool errand_poll(struct errand *errand)
{
    char bytes[65536];
    ssize_t got = 1;

    if (!errand->pid)
        return false;
    while ((got = read(errand->pipe, bytes, sizeof bytes)) > 0)
        text_add_bytes(&errand->out, bytes, (size_t)got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR) &&
        clock_s(CLOCK_MONOTONIC) - errand->began_s < ERRAND_S)
        return false;
    reap(errand);
    return true;
}

void errand_close(struct errand *errand)
{
    if (errand->pid)
        reap(errand);
    text_release(&errand->out);
    *errand = (struct errand){.pid = 0};
}
