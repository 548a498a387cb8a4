/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load SOCKET [RATE [SECONDS [QUEUED [WATCHERS]]]]: loads a running daemon. First it fills the
 * queue, then for some seconds it submits at a rate from several connections while one asks for the
 * first hundred jobs and watchers hear every event. Prints one JSON line.
 *
 * A submission is due at its time whether or not those before it were answered, so a daemon that
 * falls behind shows in the latencies, which count from when it was due.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/order.h"

enum { CLIENTS = 32, BUFFER_BYTES = 1 << 20, FILL_CLIENTS = 8 };

struct load {
    const char *socket;
    double rate, seconds, begin_s;
    int queued, watchers;
    _Atomic int64_t next, accepted, refused, events;
    atomic_bool over;
};

struct client {
    struct load *load;
    double *latency_s;
    int64_t latencies, capacity;
};

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_until(double at_s)
{
    double left_s = at_s - now_s();

    if (left_s > 0)
        nanosleep(&(struct timespec){(time_t)left_s,
                                     (long)((left_s - (double)(time_t)left_s) * 1e9)},
                  NULL);
}

static int dial(const struct load *load)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", load->socket);
    if (file < 0 || connect(file, (struct sockaddr *)&address, sizeof address) != 0) {
        fprintf(stderr, "load: %s: %s\n", load->socket, strerror(errno));
        exit(1);
    }
    return file;
}

static void send_all(int file, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(file, bytes, count, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* Reads one answer with a Content-Length; its status, or 0. */
static int read_answer(int file, char *buffer)
{
    size_t have = 0, want = 0;

    while (!want || have < want) {
        ssize_t got = recv(file, buffer + have, BUFFER_BYTES - 1 - have, 0);
        const char *end, *length;

        if (got <= 0)
            return 0;
        have += (size_t)got;
        buffer[have] = 0;
        end = strstr(buffer, "\r\n\r\n");
        length = strcasestr(buffer, "content-length:");
        if (!want && end && length)
            want = (size_t)(end + 4 - buffer) + strtoul(length + 15, NULL, 10);
    }
    return (int)strtol(buffer + 9, NULL, 10);
}

static int ask(int file, const char *method, const char *path, const char *body, char *buffer)
{
    int length =
        snprintf(buffer, BUFFER_BYTES, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
                 method, path, strlen(body), body);

    send_all(file, buffer, (size_t)length);
    return read_answer(file, buffer);
}

static void note(struct client *client, double seconds)
{
    if (client->latencies == client->capacity) {
        client->capacity = client->capacity ? client->capacity * 2 : 1024;
        client->latency_s =
            xrealloc(client->latency_s, (size_t)client->capacity, sizeof *client->latency_s);
    }
    client->latency_s[client->latencies++] = seconds;
}

static const char submission[] = "{\"name\":\"load\",\"command\":[\"true\"],\"type\":\"load\"}";

static void count(struct load *load, int status)
{
    atomic_fetch_add(status == 201 ? &load->accepted : &load->refused, 1);
}

static void *fill(void *arg)
{
    struct load *load = arg;
    char *buffer = xmalloc(BUFFER_BYTES);
    int file = dial(load);

    while (atomic_fetch_add(&load->next, 1) < load->queued)
        count(load, ask(file, "POST", "/v1/jobs", submission, buffer));
    close(file);
    free(buffer);
    return NULL;
}

static void *submit(void *arg)
{
    struct client *client = arg;
    struct load *load = client->load;
    char *buffer = xmalloc(BUFFER_BYTES);
    int file = dial(load);

    for (;;) {
        double due_s = load->begin_s + (double)atomic_fetch_add(&load->next, 1) / load->rate;

        if (due_s >= load->begin_s + load->seconds)
            break;
        sleep_until(due_s);
        count(load, ask(file, "POST", "/v1/jobs", submission, buffer));
        note(client, now_s() - due_s);
    }
    close(file);
    free(buffer);
    return NULL;
}

static void *list(void *arg)
{
    struct client *client = arg;
    struct load *load = client->load;
    char *buffer = xmalloc(BUFFER_BYTES);
    int file = dial(load);

    while (now_s() < load->begin_s + load->seconds) {
        double asked_s = now_s();

        if (ask(file, "GET", "/v1/jobs?limit=100", "", buffer) == 200)
            note(client, now_s() - asked_s);
        sleep_until(asked_s + 0.02);
    }
    close(file);
    free(buffer);
    return NULL;
}

/* All watchers in one thread: counts the events that reach them. */
static void *watch(void *arg)
{
    static const char request[] = "GET /v1/events?topic=job HTTP/1.1\r\nHost: x\r\n\r\n";
    struct load *load = arg;
    struct pollfd *at = xcalloc((size_t)load->watchers + 1, sizeof *at);
    char *buffer = xmalloc(BUFFER_BYTES);

    for (int i = 0; i < load->watchers; i++) {
        at[i] = (struct pollfd){.fd = dial(load), .events = POLLIN};
        send_all(at[i].fd, request, sizeof request - 1);
    }
    while (!atomic_load(&load->over) && poll(at, (nfds_t)load->watchers, 100) >= 0)
        for (int i = 0; i < load->watchers; i++) {
            ssize_t got =
                at[i].revents ? recv(at[i].fd, buffer, BUFFER_BYTES - 1, MSG_DONTWAIT) : 0;

            if (got <= 0)
                continue;
            buffer[got] = 0;
            for (const char *line = buffer; (line = strstr(line, "job.submitted\n")); line++)
                atomic_fetch_add(&load->events, 1);
        }
    for (int i = 0; i < load->watchers; i++)
        close(at[i].fd);
    free(at);
    free(buffer);
    return NULL;
}

/* Milliseconds; of all that the clients noted. */
static double quantile_ms(const struct client *client, int clients, double q)
{
    int64_t all = 0, at = 0;
    double *latency_s, found;

    for (int i = 0; i < clients; i++)
        all += client[i].latencies;
    if (!all)
        return 0;
    latency_s = xcalloc((size_t)all, sizeof *latency_s);
    for (int i = 0; i < clients; i++) {
        memcpy(latency_s + at, client[i].latency_s,
               (size_t)client[i].latencies * sizeof *latency_s);
        at += client[i].latencies;
    }
    qsort(latency_s, (size_t)all, sizeof *latency_s, order_double);
    found = latency_s[(int64_t)(q * (double)(all - 1))];
    free(latency_s);
    return 1000 * found;
}

static double number_of(int argc, char **argv, int at, double otherwise)
{
    return argc > at ? strtod(argv[at], NULL) : otherwise;
}

static void fill_queue(struct load *load)
{
    pthread_t thread[FILL_CLIENTS];

    for (int i = 0; i < FILL_CLIENTS; i++)
        pthread_create(&thread[i], NULL, fill, load);
    for (int i = 0; i < FILL_CLIENTS; i++)
        pthread_join(thread[i], NULL);
}

static void run(struct load *load, struct client *submitter, struct client *lister)
{
    pthread_t thread[CLIENTS], listing, watching;

    pthread_create(&watching, NULL, watch, load);
    sleep_until(now_s() + 0.5); /* until the watchers listen */
    atomic_store(&load->next, 0);
    atomic_store(&load->accepted, 0);
    atomic_store(&load->refused, 0);
    load->begin_s = now_s();
    pthread_create(&listing, NULL, list, lister);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&thread[i], NULL, submit, &submitter[i]);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(thread[i], NULL);
    pthread_join(listing, NULL);
    sleep_until(now_s() + 1); /* what is still on its way to the watchers */
    atomic_store(&load->over, true);
    pthread_join(watching, NULL);
}

int main(int argc, char **argv)
{
    struct load load = {.socket = argc > 1 ? argv[1] : "",
                        .rate = number_of(argc, argv, 2, 500),
                        .seconds = number_of(argc, argv, 3, 60),
                        .queued = (int)number_of(argc, argv, 4, 10000),
                        .watchers = (int)number_of(argc, argv, 5, 100)};
    struct client submitter[CLIENTS] = {{0}}, lister = {.load = &load};

    for (int i = 0; i < CLIENTS; i++)
        submitter[i].load = &load;
    fill_queue(&load);
    run(&load, submitter, &lister);
    printf("{\"bench\":\"load\",\"rate\":%.0f,\"seconds\":%.0f,\"queued\":%d,\"accepted\":%lld,"
           "\"refused\":%lld,\"submit_p50_ms\":%.2f,\"submit_p99_ms\":%.2f,\"list_p50_ms\":%.2f,"
           "\"list_p99_ms\":%.2f,\"watchers\":%d,\"events\":%lld",
           load.rate, load.seconds, load.queued, (long long)load.accepted, (long long)load.refused,
           quantile_ms(submitter, CLIENTS, 0.5), quantile_ms(submitter, CLIENTS, 0.99),
           quantile_ms(&lister, 1, 0.5), quantile_ms(&lister, 1, 0.99), load.watchers,
           (long long)load.events);
    for (int i = 0; i < CLIENTS; i++)
        free(submitter[i].latency_s);
    free(lister.latency_s);
    return 0;
}
