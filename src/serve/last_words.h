/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever ends the daemon leaves a line in its log. */
#ifndef SERVE_LAST_WORDS_H
#define SERVE_LAST_WORDS_H

#include <sys/signalfd.h>

struct book;

struct last_words {
    void *stack; /* for handlers, where the ordinary one may be used up */
};

/* From now on a deadly signal says so before it does what it does. */
void last_words_open(struct last_words *words);
/* Handlers go back to the default. */
void last_words_close(struct last_words *words);

/* The daemon was asked to end: by whom. */
void last_words_asked(const struct signalfd_siginfo *info);

/* Looks whether the daemon before this one ended in an orderly way, says so if not, and records
 * that this one runs now. */
void last_words_begin(struct book *book);
/* It ends in an orderly way: to be committed. */
void last_words_end(struct book *book);

#endif
