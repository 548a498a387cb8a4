/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer is set before a policy is asked and taken back when it has answered. If it runs out, its
 * handler calls execve(2), which ends whatever the process does, in all of its threads, and keeps
 * its number, so that a supervisor notices nothing. That loses no job: what was accepted or begun
 * is in the store, what was not committed has not been acknowledged, tasks have keepers of their
 * own. Arguments and environment are made beforehand, since a handler may not allocate; the last
 * variable of the environment carries the reason over.
 */
#include "serve/watchdog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

extern char **environ;

enum { NOTE_BYTES = 256, WORDS_MOST = 256 };

static const char variable[] = "TAPFINGER_HUNG";
static const char program[] = "/proc/self/exe"; /* also when its file was replaced */

static void start_anew(int signal, siginfo_t *info, void *context)
{
    const struct watchdog *watchdog = info->si_value.sival_ptr;
    const char *note;

    (void)signal;
    (void)context;
    if (info->si_code != SI_TIMER || !watchdog->armed)
        return;
    note = watchdog->note + sizeof variable;
    (void)!write(STDERR_FILENO, "<3>tapfinger: ", 14);
    (void)!write(STDERR_FILENO, note, strlen(note));
    (void)!write(STDERR_FILENO, "; the daemon starts anew, tasks go on\n", 38);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execve(program, watchdog->argv, watchdog->env);
    abort();
}

/* The arguments of this process, as the kernel keeps them. */
static char **read_arguments(void)
{
    char **argv = xcalloc(WORDS_MOST + 1, sizeof *argv);
    struct text words;
    int count = 0;

    text_init(&words, 1 << 20);
    if (text_read_file(&words, "/proc/self/cmdline", NULL) == 0)
        for (size_t at = 0; at < words.length && count < WORDS_MOST; count++) {
            argv[count] = xstrdup(words.bytes + at);
            at += strlen(words.bytes + at) + 1;
        }
    text_release(&words);
    return argv;
}

void watchdog_open(struct watchdog *watchdog)
{
    struct sigaction action = {.sa_sigaction = start_anew, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    size_t variables = 0;

    *watchdog = (struct watchdog){.argv = read_arguments()};
    while (environ[variables])
        variables++;
    watchdog->env = xcalloc(variables + 2, sizeof *watchdog->env);
    memcpy(watchdog->env, environ, variables * sizeof *environ);
    watchdog->env[variables] = watchdog->note = xcalloc(1, NOTE_BYTES);
    sigaction(SIGRTMIN, &action, NULL);
    event.sigev_value.sival_ptr = watchdog;
    watchdog->open = timer_create(CLOCK_MONOTONIC, &event, &watchdog->timer) == 0;
}

void watchdog_close(struct watchdog *watchdog)
{
    if (!watchdog->argv)
        return;
    watchdog->armed = 0;
    if (watchdog->open)
        timer_delete(watchdog->timer);
    signal(SIGRTMIN, SIG_IGN); /* one may be on its way */
    for (int i = 0; watchdog->argv[i]; i++)
        free(watchdog->argv[i]);
    free(watchdog->argv);
    free(watchdog->env);
    free(watchdog->note);
    *watchdog = (struct watchdog){0};
}

static void set_timer(const struct watchdog *watchdog, double seconds)
{
    struct itimerspec when = {0};

    when.it_value.tv_sec = (time_t)seconds;
    when.it_value.tv_nsec = (long)((seconds - (double)when.it_value.tv_sec) * 1e9);
    timer_settime(watchdog->timer, 0, &when, NULL);
}

void watchdog_arm(struct watchdog *watchdog, const char *policy, const char *what, double limit_s)
{
    if (!watchdog->open)
        return;
    if (!watchdog->note[0] || limit_s != watchdog->limit_s || what != watchdog->what ||
        strncmp(watchdog->note + sizeof variable, policy, strlen(policy)) != 0)
        snprintf(watchdog->note, NOTE_BYTES,
                 "%s=%.100s took more than %.3g s %s and did not come back", variable, policy,
                 limit_s, what);
    watchdog->limit_s = limit_s;
    watchdog->what = what;
    watchdog->armed = 1;
    set_timer(watchdog, limit_s);
}

void watchdog_disarm(struct watchdog *watchdog)
{
    if (!watchdog->open)
        return;
    watchdog->armed = 0;
    set_timer(watchdog, 0);
}

char *watchdog_take_note(void)
{
    const char *note = getenv(variable);
    char *taken = note ? xstrdup(note) : NULL;

    unsetenv(variable);
    return taken;
}
