/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For programs that run as tasks of the tapfinger daemon: one header, nothing to link. A program
 * that does not use it runs all the same.
 *
 *     struct tap_task task;
 *     tap_task_open(&task);
 *     for (int step = 0; step < steps; step++) {
 *         train();
 *         tap_task_progress(&task, (double)step / steps);
 *         if (tap_task_poll(&task)) {
 *             use_threads(task.cpus);           // another allocation was announced
 *             if (task.checkpoint) save();      // a stop is near
 *         }
 *     }
 *     tap_task_close(&task);
 *
 * A stop comes with SIGTERM: a program that wants to save something first ignores it or handles it.
 *
 * Lines to the daemon: {"progress":0.4,"loss":1.2}: any numbers may stand beside the progress.
 * Lines from it: {"allocation":{"cpu":2,"gpu":0,"mem_bytes":0},"cpus":"0-1","gpus":""}, and
 * {"checkpoint":true}, with "stop":true and "grace_s" if the program will be stopped.
 */
#ifndef TAPFINGER_TASK_H
#define TAPFINGER_TASK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct tap_task {
    int file; /* -1: nobody listens; all calls do nothing then */
    int cpus, gpus;
    int checkpoint, stop; /* asked for; the program sets them back */
    char line[4096];
    size_t length;
};

static inline int tap_task_number(const char *line, const char *key, int otherwise)
{
    const char *at = strstr(line, key);

    return at ? (int)strtol(at + strlen(key), NULL, 10) : otherwise;
}

static inline void tap_task_open(struct tap_task *task)
{
    struct sockaddr_un address;
    const char *path = getenv("TAP_SOCKET"), *cpus = getenv("TAP_CPUS"), *gpus = getenv("TAP_GPUS");

    memset(task, 0, sizeof *task);
    task->cpus = cpus ? (int)strtol(cpus, NULL, 10) : 1;
    task->gpus = gpus ? (int)strtol(gpus, NULL, 10) : 0;
    task->file = -1;
    if (!path || strlen(path) >= sizeof address.sun_path)
        return;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path, strlen(path) + 1);
    task->file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (task->file >= 0 && connect(task->file, (struct sockaddr *)&address, sizeof address) != 0) {
        close(task->file);
        task->file = -1;
    }
}

static inline void tap_task_close(struct tap_task *task)
{
    if (task->file >= 0)
        close(task->file);
    task->file = -1;
}

/* Sends one line, a JSON object without its end of line. */
static inline void tap_task_say(struct tap_task *task, const char *json)
{
    char line[4096];
    int length = snprintf(line, sizeof line, "%s\n", json);

    if (task->file >= 0 && length > 0 && (size_t)length < sizeof line &&
        send(task->file, line, (size_t)length, MSG_NOSIGNAL) != length)
        tap_task_close(task);
}

static inline void tap_task_progress(struct tap_task *task, double fraction)
{
    char line[64];

    snprintf(line, sizeof line, "{\"progress\":%.6f}", fraction);
    tap_task_say(task, line);
}

static inline int tap_task_take(struct tap_task *task, const char *line)
{
    if (strstr(line, "\"allocation\"")) {
        task->cpus = tap_task_number(line, "\"cpu\":", task->cpus);
        task->gpus = tap_task_number(line, "\"gpu\":", task->gpus);
    }
    task->checkpoint |= strstr(line, "\"checkpoint\":true") != NULL;
    task->stop |= strstr(line, "\"stop\":true") != NULL;
    return 1;
}

/* Takes in what the daemon said, without waiting; 1 if it said anything. */
static inline int tap_task_poll(struct tap_task *task)
{
    int news = 0;

    while (task->file >= 0) {
        char *end;
        ssize_t got = recv(task->file, task->line + task->length,
                           sizeof task->line - 1 - task->length, MSG_DONTWAIT);

        if (got <= 0)
            return news;
        task->length += (size_t)got;
        task->line[task->length] = 0;
        while ((end = strchr(task->line, '\n'))) {
            *end = 0;
            news |= tap_task_take(task, task->line);
            task->length -= (size_t)(end + 1 - task->line);
            memmove(task->line, end + 1, task->length + 1);
        }
        if (task->length == sizeof task->line - 1)
            task->length = 0; /* not a line of the daemon's */
    }
    return news;
}

#endif
