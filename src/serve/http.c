/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libmicrohttpd daemon per listening socket, each with an epoll descriptor that stands in the
 * daemon's own. An exchange is one request; while it waits its connection is suspended.
 *
 * Limits: headers 32 KiB, body 4 MiB, 1000 connections, 30 s without a byte, and 20 s for a whole
 * request however slowly it drips in; of one token, limits.rate requests per second.
 */
#include "serve/http.h"

#include <math.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "serve/address.h"
#include "serve/daemon.h"
#include "serve/entrance.h"
#include "serve/listener.h"
#include "serve/message.h"
#include "serve/streams.h"
#include "store/store.h"

enum {
    HEADER_BYTES = 32 << 10,
    CONNECTIONS = 1000,
    IDLE_S = 30,
    COUNTS = 256,
};

static const double REQUEST_S = 20;

enum exchange_state { EXCHANGE_READING, EXCHANGE_WAITING, EXCHANGE_HELD, EXCHANGE_READY };

struct peer;

struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct request request;
    struct reply reply;
    struct text body;
    const char *route;
    enum exchange_state state;
    double began_s;
    struct exchange *next; /* waiting, or held */
};

/* One connection. */
struct peer {
    int socket;
    bool local;
    bool known; /* who it is: a question to the user database, asked once */
    struct caller caller;
    bool busy;      /* a request is under way that is ours to answer */
    bool streaming; /* events, to the caller */
    double since_s;
    struct peer *next, *prev;
};

struct http {
    struct daemon *daemon;
    http_handler_fn handler;
    struct MHD_Daemon *unix_daemon, *tcp_daemon;
    int unix_socket, tcp_socket;
    int port; /* of TCP */
    struct exchange *waiting, *held;
    struct peer *peers;
    struct streams *streams;
    bool news;    /* an event since the last commit */
    bool resumed; /* connections, that MHD_run() has not seen yet */
    struct http_count count[COUNTS];
    int counts;
};

/* Connections. */

static void note_connection(void *arg, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http *http = arg;
    struct peer *peer = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        peer = xcalloc(1, sizeof *peer);
        peer->socket =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        peer->local = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON)->daemon ==
                      http->unix_daemon;
        peer->since_s = clock_s(CLOCK_MONOTONIC);
        peer->next = http->peers;
        if (http->peers)
            http->peers->prev = peer;
        http->peers = peer;
        *context = peer;
        return;
    }
    if (peer->prev)
        peer->prev->next = peer->next;
    else
        http->peers = peer->next;
    if (peer->next)
        peer->next->prev = peer->prev;
    free(peer);
    *context = NULL;
}

static void note_completed(void *arg, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;

    (void)arg;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    if (exchange->peer) {
        exchange->peer->busy = exchange->peer->streaming = false;
        exchange->peer->since_s = clock_s(CLOCK_MONOTONIC);
    }
    json_decref(exchange->request.body);
    text_release(&exchange->body);
    text_release(&exchange->reply.body);
    free(exchange);
    *context = NULL;
}

static const struct caller *local_caller(const struct http *http, struct peer *peer)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t bytes = sizeof who;

    if (!peer->known) {
        getsockopt(peer->socket, SOL_SOCKET, SO_PEERCRED, &who, &bytes);
        access_local(&http->daemon->access, &peer->caller, who.uid, who.gid);
        peer->known = true;
    }
    return &peer->caller;
}

static struct entrance where(const struct exchange *exchange)
{
    const struct http *http = exchange->http;
    const struct site *site = &http->daemon->site;

    return (struct entrance){.local =
                                 exchange->peer->local ? local_caller(http, exchange->peer) : NULL,
                             .http = site->http,
                             .port = http->port,
                             .tls = site->tls_cert};
}

static struct exchange *open_exchange(struct http *http, struct MHD_Connection *connection,
                                      const char *url, const char *method)
{
    struct exchange *exchange = xcalloc(1, sizeof *exchange);
    struct entrance entrance;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    exchange->http = http;
    exchange->connection = exchange->request.connection = connection;
    exchange->peer = info->socket_context;
    exchange->request.method = method;
    exchange->began_s = exchange->request.began_s = clock_s(CLOCK_MONOTONIC);
    exchange->reply.log_offset = exchange->reply.log_size = -1;
    ulid_print(clock_us(CLOCK_REALTIME), exchange->reply.id);
    exchange->route = "none";
    text_init(&exchange->body, REQUEST_BODY_BYTES);
    text_init(&exchange->reply.body, 0);
    entrance = where(exchange);
    if (!entrance_admit(&entrance, &http->daemon->access, &exchange->request, &exchange->reply))
        exchange->state = EXCHANGE_READY;
    else if (!request_set_path(&exchange->request, url)) {
        reply_problem(&exchange->reply, 400, "invalid", "not a path of this server");
        exchange->state = EXCHANGE_READY;
    }
    return exchange;
}

/* Answering. */

static void count_reply(struct http *http, const struct exchange *exchange)
{
    int at = 0;

    while (at < http->counts && (http->count[at].route != exchange->route ||
                                 http->count[at].status != exchange->reply.status))
        at++;
    if (at == COUNTS)
        return;
    if (at == http->counts)
        http->count[http->counts++] =
            (struct http_count){.route = exchange->route, .status = exchange->reply.status};
    histogram_add(&http->count[at].seconds, histogram_brief_s,
                  clock_s(CLOCK_MONOTONIC) - exchange->began_s);
}

static enum MHD_Result start_stream(struct exchange *exchange)
{
    struct MHD_Response *response = streams_add(exchange->http->streams, exchange->connection,
                                                request_header(&exchange->request, "Last-Event-ID"),
                                                request_query(&exchange->request, "since"),
                                                request_query(&exchange->request, "topic"));
    enum MHD_Result result;

    exchange->peer->streaming = true;
    exchange->peer->caller = exchange->request.caller;
    exchange->reply.type = "text/event-stream";
    reply_add_headers(&exchange->reply, response);
    result = MHD_queue_response(exchange->connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct exchange *exchange)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    count_reply(exchange->http, exchange);
    exchange->peer->busy = true; /* its own speed of reading is bounded by the idle limit */
    if (exchange->reply.stream)
        return start_stream(exchange);
    response = MHD_create_response_from_buffer(exchange->reply.body.length,
                                               exchange->reply.body.bytes, MHD_RESPMEM_MUST_COPY);
    reply_add_headers(&exchange->reply, response);
    result = MHD_queue_response(exchange->connection, (unsigned)exchange->reply.status, response);
    MHD_destroy_response(response);
    return result;
}

/* Has it answered; what has changed waits for its commit, unless there will be none. */
static void handle(struct exchange *exchange)
{
    struct http *http = exchange->http;
    struct daemon *daemon = http->daemon;

    exchange->reply.wait = false;
    exchange->reply.wait_s = 0;
    exchange->request.waited_s = clock_s(CLOCK_MONOTONIC) - exchange->began_s;
    http->handler(daemon, &exchange->request, &exchange->reply, &exchange->route);
    if (exchange->reply.wait)
        exchange->state = EXCHANGE_WAITING;
    else if (request_is_change(&exchange->request) && store_is_dirty(daemon->store) &&
             !daemon->store_trouble)
        exchange->state = EXCHANGE_HELD;
    else
        exchange->state = EXCHANGE_READY;
}

static void park(struct exchange *exchange)
{
    struct exchange **list =
        exchange->state == EXCHANGE_WAITING ? &exchange->http->waiting : &exchange->http->held;

    exchange->next = *list;
    *list = exchange;
    MHD_suspend_connection(exchange->connection);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **context)
{
    struct exchange *exchange = *context;

    (void)version;
    if (!exchange) {
        *context = open_exchange(arg, connection, url, method);
        return MHD_YES;
    }
    if (*upload_bytes) {
        if (exchange->state == EXCHANGE_READING)
            text_add_bytes(&exchange->body, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (exchange->state == EXCHANGE_READING) {
        exchange->peer->busy = true;
        if (request_read_body(&exchange->request, &exchange->body, &exchange->reply))
            handle(exchange);
        else
            exchange->state = EXCHANGE_READY;
        if (exchange->state != EXCHANGE_READY) {
            park(exchange);
            return MHD_YES;
        }
    }
    return answer(exchange);
}

static void resume_all(struct exchange **list)
{
    while (*list) {
        struct exchange *exchange = *list;

        *list = exchange->next;
        exchange->state = EXCHANGE_READY;
        exchange->http->resumed = true;
        MHD_resume_connection(exchange->connection);
    }
}

static void retry_waiting(struct http *http)
{
    struct exchange *left = NULL;

    while (http->waiting) {
        struct exchange *exchange = http->waiting;

        http->waiting = exchange->next;
        exchange->request.waited_s = clock_s(CLOCK_MONOTONIC) - exchange->began_s;
        handle(exchange);
        if (exchange->state == EXCHANGE_WAITING) {
            exchange->next = left;
            left = exchange;
        } else {
            exchange->state = EXCHANGE_READY;
            http->resumed = true;
            MHD_resume_connection(exchange->connection);
        }
    }
    http->waiting = left;
}

void http_retry(struct http *http)
{
    retry_waiting(http);
}

void http_committed(struct http *http)
{
    resume_all(&http->held);
    if (!http->news)
        return;
    http->news = false;
    streams_committed(http->streams);
    retry_waiting(http);
}

void http_event(struct http *http, int64_t seq, enum book_event event, const struct job *job,
                const char *doc)
{
    streams_keep(http->streams, seq, event, job ? job->id : 0, doc);
    http->news = true;
}

/* Seconds until the first of those who wait has waited long enough; below 0: it has. */
static double due_in(const struct http *http)
{
    double least = HUGE_VAL, now = clock_s(CLOCK_MONOTONIC);

    for (const struct exchange *at = http->waiting; at; at = at->next)
        if (at->reply.wait_s > 0)
            least = fmin(least, at->began_s + at->reply.wait_s - now);
    return least;
}

void http_run(struct http *http)
{
    if (due_in(http) <= 0)
        retry_waiting(http);
    streams_wake(http->streams);
    http->resumed = false;
    MHD_run(http->unix_daemon);
    if (http->tcp_daemon)
        MHD_run(http->tcp_daemon);
}

int http_timeout_ms(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG left, least = 1000;

    if (http->resumed)
        return 0;
    if (streams_due_in(http->streams) < 1)
        least = (MHD_UNSIGNED_LONG_LONG)ceil(streams_due_in(http->streams) * 1000);
    if (due_in(http) < 1)
        least = (MHD_UNSIGNED_LONG_LONG)fmin((double)least, ceil(fmax(0, due_in(http)) * 1000));
    if (MHD_get_timeout(http->unix_daemon, &left) == MHD_YES && left < least)
        least = left;
    if (http->tcp_daemon && MHD_get_timeout(http->tcp_daemon, &left) == MHD_YES && left < least)
        least = left;
    return (int)least;
}

void http_sweep(struct http *http)
{
    const struct access *access = &http->daemon->access;
    double now = clock_s(CLOCK_MONOTONIC);

    for (struct peer *peer = http->peers; peer; peer = peer->next)
        if ((!peer->busy && now - peer->since_s > REQUEST_S) ||
            (peer->streaming && !access_stands(access, &peer->caller)))
            shutdown(peer->socket, SHUT_RDWR);
    retry_waiting(http);
    streams_ping(http->streams);
}

int64_t http_stream_resets(const struct http *http)
{
    return streams_resets(http->streams);
}

int http_stream_count(const struct http *http)
{
    return streams_count(http->streams);
}

const struct http_count *http_counts(const struct http *http, int *count)
{
    *count = http->counts;
    return http->count;
}

/* Listening. */

static struct MHD_Daemon *start(struct http *http, int socket, const char *cert, const char *key)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_END, 0, NULL},
    };

    if (!cert)
        tls[0].option = MHD_OPTION_END;
    else
        flags |= MHD_USE_TLS;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET,
                            socket, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                            MHD_OPTION_NOTIFY_CONNECTION, note_connection, http,
                            MHD_OPTION_NOTIFY_COMPLETED, note_completed, NULL, MHD_OPTION_ARRAY,
                            tls, MHD_OPTION_END);
}

static void watch(struct http *http, struct MHD_Daemon *daemon)
{
    struct epoll_event event = {.events = EPOLLIN};
    int file = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    epoll_ctl(http->daemon->epoll, EPOLL_CTL_ADD, file, &event);
}

static int start_tcp(struct http *http, struct err *err)
{
    const struct site *site = &http->daemon->site;
    int rc = 0, passed = listener_passed(false);
    struct text cert, key;

    text_init(&cert, 1 << 20);
    text_init(&key, 1 << 20);
    if (site->tls_cert)
        rc = text_read_file(&cert, site->tls_cert, err);
    if (rc == 0 && site->tls_key)
        rc = text_read_file(&key, site->tls_key, err);
    if (rc == 0)
        http->tcp_socket = rc = passed >= 0 ? passed : listener_tcp(site->http, err);
    if (rc >= 0) {
        http->tcp_daemon =
            start(http, http->tcp_socket, site->tls_cert ? cert.bytes : NULL, key.bytes);
        rc = http->tcp_daemon ? 0
                              : err_set(err, ERR_IO, "%s: cannot serve%s", site->http,
                                        site->tls_cert ? "; are certificate and key right?" : "");
    }
    if (rc == 0) {
        struct address address;

        watch(http, http->tcp_daemon);
        http->port = listener_address(http->tcp_socket, &address) ? address_port(&address) : 0;
    }
    text_release(&cert);
    text_release(&key);
    return rc;
}

int http_open(struct http **out, struct daemon *daemon, http_handler_fn handler, struct err *err)
{
    struct http *http = xcalloc(1, sizeof *http);
    int rc = 0;

    *out = http;
    http->daemon = daemon;
    http->handler = handler;
    http->unix_socket = http->tcp_socket = -1;
    http->streams = streams_new(daemon->store);
    http->unix_socket = listener_passed(true);
    if (http->unix_socket < 0)
        http->unix_socket = listener_unix(daemon->site.unix_path, err);
    if (http->unix_socket < 0)
        rc = http->unix_socket;
    if (rc == 0) {
        http->unix_daemon = start(http, http->unix_socket, NULL, NULL);
        rc = http->unix_daemon ? 0 : err_set(err, ERR_IO, "cannot serve HTTP");
    }
    if (rc == 0)
        watch(http, http->unix_daemon);
    return rc == 0 && daemon->site.http ? start_tcp(http, err) : rc;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    resume_all(&http->held);
    resume_all(&http->waiting);
    streams_wake_all(http->streams);
    if (http->unix_daemon)
        MHD_stop_daemon(http->unix_daemon);
    if (http->tcp_daemon)
        MHD_stop_daemon(http->tcp_daemon);
    streams_free(http->streams);
    free(http);
}

int http_port(const struct http *http)
{
    return http->port;
}

bool http_is_public(const struct http *http)
{
    struct address address;

    return listener_address(http->tcp_socket, &address) && !address_is_loopback(&address);
}

void http_set_cookie(const struct http *http, struct reply *reply, const char *secret,
                     double seconds)
{
    const struct site *site = &http->daemon->site;
    struct entrance at = {.port = http->port, .tls = site->tls_cert};
    struct text words;

    text_init(&words, 0);
    entrance_cookie(&at, secret, seconds, &words);
    snprintf(reply->cookie, sizeof reply->cookie, "%s", words.bytes);
    text_release(&words);
}
