/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/process.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/memory.h"

enum { DEPTH = 64 };

void process_boot_id(char out[BOOT_ID_BYTES])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    out[0] = 0;
    if (file && fgets(out, BOOT_ID_BYTES, file))
        out[strcspn(out, "\n")] = 0;
    if (file)
        fclose(file);
}

/* Field 22 of /proc/PID/stat; the second, in parentheses, may hold anything. */
static bool read_start(pid_t pid, uint64_t *out)
{
    char path[64], line[1024], *at;
    FILE *file;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (fgets(line, sizeof line, file) && (at = strrchr(line, ')'))) {
        for (int field = 2; at && field < 22; field++)
            at = strchr(at + 1, ' ');
        found = at != NULL;
        *out = found ? strtoull(at + 1, NULL, 10) : 0;
    }
    fclose(file);
    return found;
}

bool process_identify(pid_t pid, struct process_id *out)
{
    *out = (struct process_id){.pid = pid};
    process_boot_id(out->boot);
    return read_start(pid, &out->start);
}

int process_open(const struct process_id *id)
{
    struct process_id now;
    int file = pidfd_open(id->pid, 0);

    if (file < 0)
        return -1;
    /* Asked after the descriptor is held, so the number cannot pass to another in between. */
    if (process_identify(id->pid, &now) && now.start == id->start &&
        strcmp(now.boot, id->boot) == 0)
        return file;
    close(file);
    return -1;
}

static void visit(pid_t pid, void (*fn)(void *arg, pid_t pid), void *arg, int depth)
{
    char path[64];
    FILE *file;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    file = depth < DEPTH ? fopen(path, "re") : NULL;
    if (!file)
        return;
    while (fscanf(file, "%d", &child) == 1) { /* NOLINT(cert-err34-c) */
        fn(arg, child);
        visit(child, fn, arg, depth + 1);
    }
    fclose(file);
}

void process_each_below(pid_t pid, void (*fn)(void *arg, pid_t pid), void *arg)
{
    visit(pid, fn, arg, 0);
}

void process_set_cpus(pid_t pid, const int16_t *cpu, int count)
{
    const struct dirent *entry;
    char path[64];
    cpu_set_t set;
    DIR *folder;

    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        CPU_SET((size_t)cpu[i], &set);
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    folder = opendir(path);
    if (!folder)
        return;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            sched_setaffinity((pid_t)strtol(entry->d_name, NULL, 10), sizeof set, &set);
    closedir(folder);
}
