/* SPDX-License-Identifier: Apache-2.0 */
/* TCP addresses as a site writes them: "host:port". */
#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

struct err;

struct address {
    struct sockaddr_storage at;
    socklen_t bytes;
};

int address_find(struct address *out, const char *where, struct err *err);
/* Whether only this machine can reach who listens there. */
bool address_is_loopback(const struct address *address);
int address_port(const struct address *address);

#endif
