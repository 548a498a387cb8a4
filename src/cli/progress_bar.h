/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A long piece of work that a user watches and may stop: a bar on standard error if that is a
 * terminal, nothing elsewhere; Ctrl-C (or SIGTERM) asks for an orderly end, a second one leaves at
 * once with 130.
 */
#ifndef CLI_PROGRESS_BAR_H
#define CLI_PROGRESS_BAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/comparison.h"

struct progress_bar;

/*
 * pieces: how many there will be; tasks: how many in all, 0 if that is not known; what: a word for
 * the pieces ("runs"). Begin before any other thread is made, so that all of them leave the signals
 * to this one.
 */
struct progress_bar *bar_begin(int64_t pieces, int64_t tasks, const char *what);
/* For one long reading: how many of so many bytes are read (0: not known), and how many things,
 * called what, were in them; both are counted up by the work. */
struct progress_bar *bar_begin_bytes(int64_t bytes, const char *what);
_Atomic int64_t *bar_bytes(struct progress_bar *bar);
_Atomic int64_t *bar_rows(struct progress_bar *bar);
/* Takes the bar away. Returns true if the work was asked to stop. */
bool bar_end(struct progress_bar *bar);

/* Turns 1 when the work should stop. */
atomic_int *bar_stop(struct progress_bar *bar);
/* Counts tasks as they end; false if there is no bar to move, and so nothing to observe. */
bool bar_observer(struct progress_bar *bar, struct observer *out);
void bar_piece_done(struct progress_bar *bar);

#endif
