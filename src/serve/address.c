/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int address_find(struct address *out, const char *where, struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    const char *colon = strrchr(where, ':');
    char host[256];
    size_t length;

    if (!colon || colon == where || (size_t)(colon - where) >= sizeof host)
        return err_set(err, ERR_INVALID, "\"%.60s\": expected HOST:PORT", where);
    length = (size_t)(colon - where);
    if (*where == '[' && colon[-1] == ']') /* IPv6 */
        snprintf(host, sizeof host, "%.*s", (int)length - 2, where + 1);
    else
        snprintf(host, sizeof host, "%.*s", (int)length, where);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0 || !found)
        return err_set(err, ERR_INVALID, "\"%.60s\": no such address", where);
    *out = (struct address){.bytes = found->ai_addrlen};
    memcpy(&out->at, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

bool address_is_loopback(const struct address *address)
{
    const struct sockaddr_in *v4 = (const void *)&address->at;
    const struct sockaddr_in6 *v6 = (const void *)&address->at;

    if (address->at.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address->at.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

int address_port(const struct address *address)
{
    const struct sockaddr_in *v4 = (const void *)&address->at;
    const struct sockaddr_in6 *v6 = (const void *)&address->at;

    return ntohs(address->at.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}
