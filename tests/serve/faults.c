/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a daemon under test: makes the system fail as it may. While the file $FAULTS/fork
 * is there nothing can be started; while $FAULTS/clock is there the wall clock is off by as many
 * seconds as it says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static FILE *fault(const char *name)
{
    const char *folder = getenv("FAULTS");
    char path[4096];

    if (!folder)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "re");
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[], char *const env[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]);
    FILE *file = fault("fork");

    if (file) {
        fclose(file);
        return EAGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawn");
    return real(pid, path, actions, attributes, argv, env);
}

pid_t fork(void)
{
    pid_t (*real)(void);
    FILE *file = fault("fork");

    if (file) {
        fclose(file);
        errno = EAGAIN;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    return real();
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int (*real)(clockid_t, struct timespec *);
    FILE *file = NULL;
    long off_s = 0;
    int rc;

    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    rc = real(clock, out);
    if (clock == CLOCK_REALTIME && (file = fault("clock"))) {
        if (fscanf(file, "%ld", &off_s) == 1)
            out->tv_sec += off_s;
        fclose(file);
    }
    return rc;
}
