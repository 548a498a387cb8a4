/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Independent pieces of work on several threads. Each piece writes to its own place, so the result
 * does not depend on the number of threads or on their order.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stdbool.h>

struct parallel {
    int jobs;  /* threads; 1 runs in the caller */
    int count; /* pieces, called with index 0 .. count-1, each once, lowest first */
    void (*run)(void *arg, int index, int worker); /* worker in 0 .. jobs-1 */
    void *arg;
    /* Called by the caller's thread about ten times a second, and once at the end; return false to
     * start no further pieces. May be NULL. */
    bool (*watch)(void *arg, int done, int count);
};

/* Returns the number of pieces that were run (all, unless watch said stop): pieces 0 .. n-1. */
int parallel_run(const struct parallel *work);

/* Processors that this process may use. */
int parallel_processors(void);

#endif
