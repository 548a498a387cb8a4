/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hammer SOCKET SECONDS [SEED]: sends a daemon requests that are nearly right:
 * lines of its API with bytes changed, left out, doubled or cut, over new and
 * over reused connections. Whether the daemon minds is for the caller to see;
 * this prints how many requests it sent and the statuses it got.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 16, STATUSES = 600 };

static const char *const request[] = {
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/jobs?state=PENDING,RUNNING&user=me&limit=100&cursor=7&newest=true "
    "HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nIdempotency-Key: "
    "k1\r\nContent-Length: 250\r\n\r\n"
    "{\"name\":\"hp\",\"type\":\"t\",\"command\":[\"true\"],\"env\":{\"A\":"
    "\"b\"},\"cwd\":\"/\",\"request\":{\"cpu\":1},"
    "\"array\":\"1-8%2,9\",\"after\":\"ok:1,any:2\",\"priority\":3,\"reach\":["
    "\"a\"],\"labels\":{\"a\":\"b\"},"
    "\"hold\":true,\"timeout_s\":1.5,\"retries\":2,\"not_before\":\"2026-11-"
    "22T05:04:03Z\"}   ",
    "POST /v1/plan HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "52\r\n\r\n{\"command\":[\"true\"],\"min\":{\"cpu\":2},\"max\":{\"gpu\":99}"
    "}",
    "GET /v1/jobs/1.3?until=finished&wait=0.1s HTTP/1.1\r\nHost: x\r\n\r\n",
    "PATCH /v1/jobs/1 HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "28\r\n\r\n{\"priority\":-5,\"hold\":false}",
    "POST /v1/jobs/1/cancel HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "POST /v1/jobs/2.1/requeue HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "0\r\n\r\n",
    "GET /v1/jobs/1/explanation HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/jobs/1/logs?stream=stderr&offset=-20&limit=7 HTTP/1.1\r\nHost: "
    "x\r\nRange: bytes=0-5\r\n\r\n",
    "GET /v1/jobs/1/events?limit=3 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/clusters HTTP/1.1\r\nHost: x\r\n\r\n",
    "PATCH /v1/clusters/a HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "29\r\n\r\n{\"drain\":true,\"reason\":\"disk\"}",
    "GET /v1/timeline?limit=4 HTTP/1.1\r\nHost: x\r\n\r\n",
    "PUT /v1/policy HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "31\r\n\r\n{\"policy\":\"tiresias:queues=3\"}  ",
    "GET /v1/decisions?limit=5&job=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/events?topic=job:1,cluster&since=0 HTTP/1.1\r\nHost: "
    "x\r\nLast-Event-ID: 4\r\n\r\n",
    "GET /v1/record?since=24h HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/comparison HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/types HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer tap_x\r\n\r\n",
    "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: "
    "44\r\n\r\n{\"name\":\"n\",\"user\":\"root\",\"role\":\"submit\"}   ",
    "DELETE /v1/tokens/n HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
};

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t n)
{
    return n ? (size_t)(draw(state) % n) : 0;
}

/* One change at a random place; returns the new length. */
static size_t change(char *bytes, size_t length, uint64_t *state)
{
    static const char *const odd[] = {"\r\n",  "%00",  "..",       "\"",
                                      "{",     "]",    "-1",       "99999999999999999999",
                                      "1e999", "null", "\xff\xfe", "\\u0000",
                                      "%2f",   "&",    "true"};
    size_t at = below(state, length), count = 1 + below(state, 40);
    const char *word = odd[below(state, sizeof odd / sizeof *odd)];

    if (at + count > length)
        count = length - at;
    switch (below(state, 5)) {
    case 0:
        bytes[at] = (char)draw(state);
        return length;
    case 1: /* left out */
        memmove(bytes + at, bytes + at + count, length - at - count);
        return length - count;
    case 2: /* doubled */
        memmove(bytes + at + count, bytes + at, length - at);
        return length + count;
    case 3: /* cut */
        return at;
    default:
        memmove(bytes + at + strlen(word), bytes + at, length - at);
        memcpy(bytes + at, word, strlen(word));
        return length + strlen(word);
    }
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) != 0) {
        close(file);
        return -1;
    }
    return file;
}

/* Takes what comes within a moment; a request that was cut gets no answer. */
static int listen_a_moment(int file)
{
    struct pollfd answer = {.fd = file, .events = POLLIN};
    char bytes[4096];
    ssize_t got;

    if (poll(&answer, 1, 8) <= 0)
        return 0;
    got = recv(file, bytes, sizeof bytes - 1, MSG_DONTWAIT);
    if (got < 12)
        return 0;
    bytes[got] = 0;
    return strncmp(bytes, "HTTP/1.", 7) == 0 ? (int)strtol(bytes + 9, NULL, 10) : 0;
}

int main(int argc, char **argv)
{
    uint64_t state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    time_t until = time(NULL) + (argc > 2 ? strtol(argv[2], NULL, 10) : 10);
    static char bytes[REQUEST_BYTES + 4096];
    static long status[STATUSES];
    int file = -1;
    long sent = 0;

    for (; argc > 1 && time(NULL) < until; sent++) {
        const char *from = request[below(&state, sizeof request / sizeof *request)];
        size_t length = strlen(from), changes = below(&state, 6);
        int got;

        memcpy(bytes, from, length);
        while (changes-- && length > 0 && length < REQUEST_BYTES)
            length = change(bytes, length, &state);
        if (file < 0 && (file = dial(argv[1])) < 0) {
            printf("nobody answers after %ld requests\n", sent);
            return 1;
        }
        (void)!send(file, bytes, length, MSG_NOSIGNAL);
        got = listen_a_moment(file);
        status[got > 0 && got < STATUSES ? got : 0]++;
        if (got == 0 || below(&state, 4) == 0) {
            close(file);
            file = -1;
        }
    }
    printf("%ld requests:", sent);
    for (int i = 0; i < STATUSES; i++)
        if (status[i])
            printf(" %d: %ld", i, status[i]);
    printf("\n");
    return 0;
}
