/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: one thread, one loop. In each round everything that came in is taken in, decided on
 * and recorded by one commit; only then answers are sent and things are done.
 */
#ifndef SERVE_DAEMON_H
#define SERVE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/access.h"
#include "serve/book.h"
#include "serve/forecast.h"
#include "serve/hindsight.h"
#include "serve/last_words.h"
#include "serve/live.h"
#include "serve/prospect.h"
#include "serve/rehearsal.h"
#include "serve/runner.h"
#include "serve/site.h"
#include "serve/watchdog.h"

struct err;
struct http;
struct store;

struct daemon {
    struct site site;
    char *site_path;     /* NULL: built in */
    struct site changes; /* the file as it was read again last: holds texts that site points to */
    struct store *store;
    struct book book;
    struct live live;
    struct runner runner;
    struct access access;
    struct forecast forecast;
    struct prospect prospect;
    struct hindsight hindsight;
    struct rehearsal rehearsal;
    struct watchdog watchdog;
    struct http *http;
    int epoll, signals;
    struct last_words last_words;
    bool stop, reload;
    char *store_trouble; /* why the last commit failed; NULL: it did not */
    size_t noted;        /* of the jobs, whose reason to wait was looked at last */
    int64_t started_us, commits;
    double clock_saved_s, swept_s, retry_commit_s;
    int64_t clock_off_us; /* of the wall clock to the one that never jumps */
};

/* Opens everything; program is this program's path. On failure nothing is left open. */
int daemon_open(struct daemon *daemon, const char *site_path, const char *program, struct err *err);
/* Until SIGTERM or SIGINT. Tasks keep running. */
int daemon_run(struct daemon *daemon, struct err *err);
void daemon_close(struct daemon *daemon);

/* "http://127.0.0.1:7979 and /run/..." */
void daemon_print_addresses(const struct daemon *daemon, struct text *out);

#endif
