/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tag has two halves, "STATE-BODY", each a hash: of what can be changed (a job's version, who
 * drained a cluster, who decides) and of the answer as it was sent. Both count for If-None-Match,
 * since an answer also tells of what changes by itself: progress, places in the queue. If-Match
 * looks at the first half only, lest a job that makes progress could never be changed. What nobody
 * can change has only the second. Versions begin anew with the daemon, so the time of its start is
 * part of the hash.
 */
#include "serve/entity_tag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "serve/daemon.h"

static bool is_part(const struct request *request, int at, const char *word)
{
    return at < request->segments && strcmp(request->segment[at], word) == 0;
}

static uint64_t hash_cluster(const struct daemon *daemon, int c)
{
    const struct live_cluster *at = &daemon->live.cluster[c];
    uint64_t hash = rng_hash_seed((uint64_t)at->draining, daemon->site.cluster[c].name);

    hash = rng_hash_seed(hash, at->by ? at->by : "");
    return rng_hash_seed(hash, at->reason ? at->reason : "");
}

/* Of what the path names; false: nothing that can be changed. */
static bool hash_state(struct daemon *daemon, const struct request *request, uint64_t *out)
{
    if (is_part(request, 1, "jobs") && request->segments > 2) {
        struct job_task *task;
        struct job *job;

        if (!book_find_text(&daemon->book, request->segment[2], &job, &task))
            return false;
        *out = rng_hash((uint64_t)daemon->started_us, (uint64_t)job->id, (uint64_t)job->version);
        return true;
    }
    if (is_part(request, 1, "clusters") && request->segments > 2) {
        int c = site_find_cluster(&daemon->site, request->segment[2]);

        if (c >= 0)
            *out = hash_cluster(daemon, c);
        return c >= 0;
    }
    if (is_part(request, 1, "policies") || is_part(request, 1, "policy")) {
        *out = rng_hash_seed(0, daemon->live.spec.label);
        return true;
    }
    return false;
}

void entity_tag_print(struct daemon *daemon, const struct request *request,
                      const struct reply *reply, char out[ENTITY_TAG_BYTES])
{
    uint64_t body = rng_hash_seed(1, reply->body.bytes), state;

    if (hash_state(daemon, request, &state))
        snprintf(out, ENTITY_TAG_BYTES, "\"%016" PRIx64 "-%016" PRIx64 "\"", state, body);
    else
        snprintf(out, ENTITY_TAG_BYTES, "\"%016" PRIx64 "\"", body);
}

/* A header's list of tags: whether one of them begins so, up to its closing quote or "-". */
static bool lists(const char *list, const char *tag, size_t length)
{
    for (const char *at = strchr(list, '"'); at; at = strchr(at, '"')) {
        const char *end = strchr(at + 1, '"');

        if (!end)
            return false;
        if ((size_t)(end - at) >= length && strncmp(at, tag, length) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

bool entity_tag_is_known(const struct request *request, const char *tag)
{
    const char *list = request_header(request, "If-None-Match");

    return list && (strcmp(list, "*") == 0 || lists(list, tag, strlen(tag) - 1));
}

bool entity_tag_allows(struct daemon *daemon, const struct request *request)
{
    const char *list = request_header(request, "If-Match");
    char tag[ENTITY_TAG_BYTES];
    uint64_t state;

    if (!list)
        return true;
    if (!hash_state(daemon, request, &state))
        return false;
    snprintf(tag, sizeof tag, "\"%016" PRIx64 "-", state);
    return strcmp(list, "*") == 0 || lists(list, tag, strlen(tag));
}
