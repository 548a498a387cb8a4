/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that listen: opened here, or by the service manager. */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include <stdbool.h>

struct address;
struct err;

/* A socket that the service manager has opened already (sd_listen_fds(3)), of this machine's or of
 * the network's family, or -1. It may have told of others that are closed by now, as after an
 * execve() of this process. */
int listener_passed(bool local);
/* A socket, or an err_code. What is at the path is taken to be nobody's any more. */
int listener_unix(const char *path, struct err *err);
/* The same at "host:port". */
int listener_tcp(const char *where, struct err *err);
/* Where a socket listens; false: it does not. */
bool listener_address(int socket, struct address *out);

#endif
