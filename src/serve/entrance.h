/* SPDX-License-Identifier: Apache-2.0 */
/* The door: who a request comes from, and whether it comes from where it seems to. */
#ifndef SERVE_ENTRANCE_H
#define SERVE_ENTRANCE_H

#include <stdbool.h>

struct access;
struct caller;
struct reply;
struct request;
struct text;

/* Where a request came in. */
struct entrance {
    const struct caller *local; /* whom the kernel named, over the unix socket; NULL: TCP */
    const char *http;           /* "host:port" of the site, or NULL */
    int port;                   /* of TCP */
    bool tls;
};

/* Sets the request's caller. False: the reply says why it is not let in. */
bool entrance_admit(const struct entrance *at, struct access *access, struct request *request,
                    struct reply *reply);

/* The value of a header Set-Cookie that begins the session of this secret; NULL ends it. */
void entrance_cookie(const struct entrance *at, const char *secret, double seconds,
                     struct text *out);

#endif
