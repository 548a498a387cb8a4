/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a policy that does not come back from a decision, or from its beginning. Nothing
 * can be taken from a policy in the middle of its work, but the daemon needs nothing but its store
 * to begin: it starts anew, in the same process, and the fallback decides until somebody chooses
 * another policy.
 */
#ifndef SERVE_WATCHDOG_H
#define SERVE_WATCHDOG_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct watchdog {
    bool open;
    timer_t timer;
    volatile sig_atomic_t armed;
    char **argv, **env; /* with which it starts anew */
    char *note;         /* the last of env: who hung */
    double limit_s;
    const char *what; /* of the note */
};

void watchdog_open(struct watchdog *watchdog);
void watchdog_close(struct watchdog *watchdog);

/* From here on the policy of this label has so long for what it does: "for a decision". */
void watchdog_arm(struct watchdog *watchdog, const char *policy, const char *what, double limit_s);
void watchdog_disarm(struct watchdog *watchdog);

/* Whom the start before this one was for, or NULL: "optimus took more than 2 s for a decision and
 * did not come back". The caller frees it; it is told only once. */
char *watchdog_take_note(void);

#endif
