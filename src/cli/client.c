/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "serve/quantity.h"
#include "serve/site.h"

/* --timeout, where it has this meaning, else $TAPFINGER_TIMEOUT. */
static int read_patience(struct client *client, const struct arguments *args, struct err *err)
{
    int after = option_find(args->own.spec, "site") + 1;
    const char *name = args->own.spec[after].name, *words = NULL;
    bool own = name && strcmp(name, "timeout") == 0;

    if (own)
        words = arguments_string(args, "timeout");
    own = words != NULL;
    if (!own)
        words = getenv("TAPFINGER_TIMEOUT");
    if (!words || !*words || quantity_duration(words, &client->patience_s, err) == 0)
        return 0;
    return err_prefix(err, own ? "--timeout" : "$TAPFINGER_TIMEOUT");
}

static int open_at(struct client *client, const char *site, struct err *err)
{
    const char *token = getenv("TAPFINGER_TOKEN");

    client->curl = curl_easy_init();
    if (!client->curl)
        return err_set(err, ERR_IO, "cannot set up HTTP");
    if (site && (strncmp(site, "http://", 7) == 0 || strncmp(site, "https://", 8) == 0)) {
        client->base = xstrdup(site);
    } else {
        client->base = xstrdup("http://tapfinger");
        client->socket = site && *site ? xstrdup(site) : site_find_socket();
    }
    client->token = token && *token ? xstrdup(token) : NULL;
    return 0;
}

int client_open(struct client *client, const struct arguments *args, struct err *err)
{
    const char *site = arguments_string(args, "site");

    *client = (struct client){0};
    if (!site || !*site)
        site = getenv("TAPFINGER_SITE");
    client->tells_problems = arguments_want_json(args);
    return read_patience(client, args, err) ? ERR_INVALID : open_at(client, site, err);
}

int client_open_socket(struct client *client, const char *path, struct err *err)
{
    *client = (struct client){0};
    return open_at(client, path, err);
}

void client_close(struct client *client)
{
    if (client->curl)
        curl_easy_cleanup(client->curl);
    free(client->base);
    free(client->socket);
    free(client->token);
    *client = (struct client){0};
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *arg)
{
    text_add_bytes(arg, bytes, size * count);
    return size * count;
}

static bool header_is(const char *line, size_t bytes, const char *name, const char **value)
{
    size_t length = strlen(name);

    if (bytes <= length || strncasecmp(line, name, length) != 0)
        return false;
    *value = line + length;
    return true;
}

static size_t read_header(char *line, size_t size, size_t count, void *arg)
{
    struct answer *answer = arg;
    const char *value;

    if (header_is(line, size * count, "X-Log-Size: ", &value))
        answer->log_size = strtoll(value, NULL, 10);
    else if (header_is(line, size * count, "X-Log-Offset: ", &value))
        answer->log_offset = strtoll(value, NULL, 10);
    else if (header_is(line, size * count, "X-Log-End: ", &value))
        answer->log_end = strncmp(value, "true", 4) == 0;
    return size * count;
}

static struct curl_slist *make_headers(const struct client *client, const char *key, bool body)
{
    struct curl_slist *list = NULL;
    struct text line;

    text_init(&line, 0);
    if (body)
        list = curl_slist_append(list, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:");
    if (client->token) {
        text_printf(&line, "Authorization: Bearer %s", client->token);
        list = curl_slist_append(list, line.bytes);
    }
    if (key) {
        text_reset(&line);
        text_printf(&line, "Idempotency-Key: %s", key);
        list = curl_slist_append(list, line.bytes);
    }
    text_release(&line);
    return list;
}

double client_poll_s(const struct client *client, double most_s)
{
    return client->patience_s > 0 && client->patience_s / 2 < most_s ? client->patience_s / 2
                                                                     : most_s;
}

static int unreachable(const struct client *client, CURLcode code, struct err *err)
{
    if (code == CURLE_OPERATION_TIMEDOUT && client->patience_s > 0)
        err_set(err, ERR_IO, "no answer from the daemon at %s within %g s",
                client->socket ? client->socket : client->base, client->patience_s);
    else
        err_set(err, ERR_IO, "no answer from the daemon at %s: %s; is \"tapfinger serve\" running?",
                client->socket ? client->socket : client->base, curl_easy_strerror(code));
    return EXIT_UNREACHABLE;
}

static int judge(const struct client *client, const struct answer *answer, struct err *err)
{
    const char *detail = json_string_value(json_object_get(answer->doc, "detail"));
    const char *reason = json_string_value(json_object_get(answer->doc, "reason"));

    if (answer->status >= 200 && answer->status < 300)
        return EXIT_DONE;
    err_set(err, answer->status == 404 ? ERR_NOT_FOUND : ERR_INVALID, "%s",
            detail ? detail : "the daemon refused");
    if (client->tells_problems && detail) {
        fprintf(stderr, "%.*s\n", (int)strcspn(answer->body.bytes, "\n"), answer->body.bytes);
        if (err)
            err->message[0] = 0;
    }
    if (reason && strcmp(reason, "never-fits") == 0)
        return EXIT_NEVER;
    if (answer->status == 404)
        return EXIT_NOT_FOUND;
    if (answer->status == 401 || answer->status == 403)
        return EXIT_DENIED;
    return answer->status == 400 || answer->status == 422 ? EXIT_MISUSED : EXIT_FAILED;
}

int client_call(struct client *client, const char *method, const char *path, json_t *body,
                const char *key, struct answer *answer, struct err *err)
{
    char *words = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct curl_slist *headers = make_headers(client, key, body != NULL);
    struct text url;
    CURLcode code;
    long status = 0;

    *answer = (struct answer){0};
    text_init(&answer->body, 0);
    text_init(&url, 0);
    text_printf(&url, "%s%s", client->base, path);
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_URL, url.bytes);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    if (client->patience_s > 0)
        curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS,
                         client->patience_s < 1e6 ? (long)ceil(client->patience_s * 1000)
                                                  : 1000000000L);
    if (client->socket)
        curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    if (getenv("TAPFINGER_CA"))
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, getenv("TAPFINGER_CA"));
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    if (words || strcmp(method, "GET") != 0)
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, words ? words : "");
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, read_header);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, answer);
    code = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    curl_slist_free_all(headers);
    text_release(&url);
    free(words);
    json_decref(body);
    if (code != CURLE_OK)
        return unreachable(client, code, err);
    answer->doc = json_loads(answer->body.bytes, 0, NULL);
    return judge(client, answer, err);
}

void answer_release(struct answer *answer)
{
    json_decref(answer->doc);
    text_release(&answer->body);
    *answer = (struct answer){0};
}

int answer_show(struct answer *answer, int code, const struct arguments *args,
                void (*print)(const struct arguments *args, const json_t *doc))
{
    if (code == EXIT_DONE && (!print || arguments_want_json(args)))
        fputs(answer->body.bytes, stdout);
    else if (code == EXIT_DONE)
        print(args, answer->doc);
    answer_release(answer);
    return code;
}

void client_escape(struct client *client, const char *value, struct text *out)
{
    char *words = curl_easy_escape(client->curl, value, 0);

    if (words)
        text_add(out, words);
    curl_free(words);
}

const char *client_text(const json_t *doc, const char *key)
{
    const char *value = json_string_value(json_object_get(doc, key));

    return value ? value : "-";
}

void client_print_seconds(double seconds, struct text *out)
{
    long long s = (long long)seconds;

    if (seconds < 0)
        text_add_char(out, '-');
    else if (seconds < 10)
        text_printf(out, "%.1fs", seconds);
    else if (s < 60)
        text_printf(out, "%llds", s);
    else if (s < 3600)
        text_printf(out, "%lldm%02llds", s / 60, s % 60);
    else if (s < 86400)
        text_printf(out, "%lldh%02lldm", s / 3600, s / 60 % 60);
    else
        text_printf(out, "%lldd%02lldh", s / 86400, s / 3600 % 24);
}

double client_age(const json_t *at)
{
    int64_t at_us;

    if (!json_is_string(at) || quantity_time(json_string_value(at), &at_us, NULL))
        return -1;
    return (double)(clock_us(CLOCK_REALTIME) - at_us) / 1e6;
}

void client_print_amount(const json_t *allocation, struct text *out)
{
    json_int_t gpu = json_integer_value(json_object_get(allocation, "gpu"));
    json_int_t mem = json_integer_value(json_object_get(allocation, "mem_bytes"));

    if (!json_is_object(allocation)) {
        text_add_char(out, '-');
        return;
    }
    text_printf(out, "cpu=%lld", (long long)json_integer_value(json_object_get(allocation, "cpu")));
    if (gpu)
        text_printf(out, " gpu=%lld", (long long)gpu);
    if (mem)
        text_printf(out, " mem=%.1fG", (double)mem / 1073741824);
}

int client_read_amount(const char *words, json_t **out, struct err *err)
{
    *out = json_object();
    while (*words) {
        size_t length = strcspn(words, ",");
        char *one = xstrndup(words, length), *equals = strchr(one, '=');
        int64_t value = 0;
        int rc = equals ? quantity_bytes(equals + 1, &value, err) : ERR_INVALID;

        if (equals)
            *equals = 0;
        if (rc == 0 && (strcmp(one, "cpu") == 0 || strcmp(one, "gpu") == 0))
            json_object_set_new(*out, one, json_integer(value));
        else if (rc == 0 && strcmp(one, "mem") == 0)
            json_object_set_new(*out, "mem_bytes", json_integer(value));
        else
            rc = err_set(err, ERR_INVALID, "\"%.60s\": expected amounts like cpu=2,gpu=1,mem=4G",
                         words);
        free(one);
        if (rc) {
            json_decref(*out);
            *out = NULL;
            return rc;
        }
        words += length + (words[length] == ',');
    }
    return 0;
}
