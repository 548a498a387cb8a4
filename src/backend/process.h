/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, told apart from later ones with the same number by start time and boot. */
#ifndef BACKEND_PROCESS_H
#define BACKEND_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { BOOT_ID_BYTES = 40 };

struct process_id {
    pid_t pid;
    uint64_t start; /* clock ticks since boot */
    char boot[BOOT_ID_BYTES];
};

void process_boot_id(char out[BOOT_ID_BYTES]);
/* Of a live process; false if there is none. */
bool process_identify(pid_t pid, struct process_id *out);
/* A pidfd of exactly this process, or -1 if it is gone. */
int process_open(const struct process_id *id);

/* Calls fn for every process below this one, parents first. */
void process_each_below(pid_t pid, void (*fn)(void *arg, pid_t pid), void *arg);

/* Processors that all threads of a process may use; cpus ends with -1. */
void process_set_cpus(pid_t pid, const int16_t *cpu, int count);

#endif
