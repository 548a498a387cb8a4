/* SPDX-License-Identifier: Apache-2.0 */
/* What one user may have at once, by the site file. */
#ifndef SERVE_QUOTA_H
#define SERVE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct allocation;
struct book;
struct job;
struct job_task;
struct live;

/* Whether the policy may be shown the task, beside those of its user that it is shown already: a
 * task counts with the most that it could be given, so that no growth goes beyond. */
bool quota_has_room(struct live *live, struct job_task *task);
/* No task is given more than its user may have. */
void quota_cut(const struct live *live, const struct job *job, struct allocation *max);
/* Tasks that are not over that a user may add; -1: any number. */
int64_t quota_left(const struct book *book, const char *user);

#endif
