/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: one small process per attempt, between the daemon and the task. It outlives the
 * daemon, so a task's output, progress and end are kept whatever happens to the daemon.
 *
 * The attempt's folder:
 *
 *     launch.json     what to run, written by the daemon
 *     claim           who may run it: "PID START BOOT" of a keeper, or "void". Made once, by link()
 *     task.sock       the socket of the task protocol (TAP_SOCKET)
 *     control.sock    where a daemon connects to the keeper
 *     stdout.N        output from byte N on, the newest file last; likewise stderr.N
 *     result.json     how it ended; made by rename(), so it is whole when it is there
 *     keeper.log      what the keeper could not say otherwise
 *
 * Control lines, daemon to keeper:        and back:
 *     alloc JSON     passed on to the task     started PID AT_US   by CLOCK_BOOTTIME
 *     checkpoint     likewise                  progress JSON       the last report and its time,
 *     stop GRACE_MS  ends it                                       at most ten a second
 */
#ifndef BACKEND_KEEPER_H
#define BACKEND_KEEPER_H

#include "backend/backend.h"

struct err;

enum { KEEPER_CONTROL_FD = 3, KEEPER_LINE_BYTES = 65536, KEEPER_LOG_FILES = 4 };

/* Runs the attempt of a folder to its end. Returns an exit code. */
int keeper_run(const char *folder);

/* Claims the folder for a process, or (NULL) for nobody ever. 0: it is ours; 1: somebody was
 * before. */
struct process_id;
int keeper_claim(const char *folder, const struct process_id *owner, struct err *err);
/* Who has it: 1 and the owner, 0 if it is void, ERR_NOT_FOUND if nobody claimed it. */
int keeper_read_claim(const char *folder, struct process_id *out, struct err *err);

/* 1 if there is a result; 0 if not yet. */
int keeper_read_result(const char *folder, struct backend_end *out, struct err *err);

#endif
