/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claim is made by link(2) from a file of one's own: exactly one of all who try succeeds, and
 * what is in it is there at once. A daemon that finds an attempt without a claim places a void one;
 * if it succeeds, a keeper that is still on its way will find it and leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/keeper.h"
#include "backend/process.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

static void make_path(struct text *out, const char *folder, const char *name)
{
    text_init(out, 0);
    text_printf(out, "%s/%s", folder, name);
}

int keeper_claim(const char *folder, const struct process_id *owner, struct err *err)
{
    struct text path, own, words;
    char name[32];
    int rc;

    snprintf(name, sizeof name, "claim.%d", (int)getpid());
    make_path(&path, folder, "claim");
    make_path(&own, folder, name);
    text_init(&words, 0);
    if (owner)
        text_printf(&words, "%d %" PRIu64 " %s\n", (int)owner->pid, owner->start, owner->boot);
    else
        text_add(&words, "void\n");
    rc = text_write_file(&words, own.bytes, err);
    if (rc == 0 && link(own.bytes, path.bytes) != 0)
        rc = errno == EEXIST
                 ? 1
                 : err_set(err, ERR_IO, "%s: cannot link: %s", path.bytes, strerror(errno));
    unlink(own.bytes);
    text_release(&path);
    text_release(&own);
    text_release(&words);
    return rc;
}

int keeper_read_claim(const char *folder, struct process_id *out, struct err *err)
{
    struct text path, words;
    int rc, pid;

    *out = (struct process_id){0};
    make_path(&path, folder, "claim");
    text_init(&words, 256);
    if (access(path.bytes, F_OK) != 0 && errno == ENOENT)
        rc = ERR_NOT_FOUND;
    else
        rc = text_read_file(&words, path.bytes, err);
    if (rc == 0 && strcmp(words.bytes, "void\n") != 0) {
        rc = sscanf(words.bytes, "%d %" SCNu64 " %39s", &pid, &out->start, out->boot) == 3;
        if (rc)
            out->pid = pid;
        else
            rc = err_set(err, ERR_CORRUPT, "%s: not a claim", path.bytes);
    }
    text_release(&path);
    text_release(&words);
    return rc;
}

static void read_end(const json_t *doc, struct backend_end *out)
{
    static const char *const cause[] = {"exit", "timeout", "stopped", "error", "lost"};
    const char *word = json_string_value(json_object_get(doc, "cause"));

    *out = (struct backend_end){.cause = END_LOST};
    for (size_t i = 0; word && i < COUNT_OF(cause); i++)
        if (strcmp(word, cause[i]) == 0)
            out->cause = (enum end_cause)i;
    out->code = (int)json_integer_value(json_object_get(doc, "code"));
    out->signal = (int)json_integer_value(json_object_get(doc, "signal"));
    out->oom = json_is_true(json_object_get(doc, "oom"));
    out->wall_s = json_number_value(json_object_get(doc, "wall_s"));
    out->user_s = json_number_value(json_object_get(doc, "user_s"));
    out->system_s = json_number_value(json_object_get(doc, "system_s"));
    out->most_bytes = json_integer_value(json_object_get(doc, "most_bytes"));
    out->started_us = json_integer_value(json_object_get(doc, "started_us"));
    out->ended_us = json_integer_value(json_object_get(doc, "ended_us"));
    out->over_s = json_number_value(json_object_get(doc, "over_s"));
    word = json_string_value(json_object_get(doc, "message"));
    snprintf(out->message, sizeof out->message, "%s", word ? word : "");
}

int keeper_read_result(const char *folder, struct backend_end *out, struct err *err)
{
    struct text path;
    json_error_t trouble;
    json_t *doc;
    int rc = 1;

    make_path(&path, folder, "result.json");
    if (access(path.bytes, F_OK) != 0) {
        text_release(&path);
        return 0;
    }
    doc = json_load_file(path.bytes, 0, &trouble);
    if (doc)
        read_end(doc, out);
    else
        rc = err_set(err, ERR_CORRUPT, "%s: %s", path.bytes, trouble.text);
    json_decref(doc);
    text_release(&path);
    return rc;
}
