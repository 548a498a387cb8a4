/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An errand: work that would hold up the loop, done by a fork of the daemon on what the daemon
 * knows at that moment. What it writes comes back through a pipe; nothing else of it does.
 */
#ifndef SERVE_ERRAND_H
#define SERVE_ERRAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"

struct err;

/* Runs in the fork; writes to the descriptor. It must not touch the store. */
typedef void errand_fn(void *arg, int out);

struct errand {
    pid_t pid; /* 0: none is under way */
    int pipe;
    struct text out; /* what has come so far */
    double began_s;  /* CLOCK_MONOTONIC */
};

/* For one that is not under way. The pipe is to be watched; it is gone once errand_poll() says so.
 */
int errand_start(struct errand *errand, errand_fn *fn, void *arg, struct err *err);
/* Takes in what is there; true if that was the end. One that takes too long is ended. */
bool errand_poll(struct errand *errand);
/* Ends it and forgets what came; a struct of zeros is closed. */
void errand_close(struct errand *errand);

#endif
