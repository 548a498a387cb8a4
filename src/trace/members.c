/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar (POSIX.1-1988 "ustar", and GNU's): blocks of 512 bytes; a header (name at 0, size in octal at
 * 124, checksum at 148, type at 156, "ustar" at 257, prefix at 345), then the member's bytes padded
 * to whole blocks; two empty blocks end it. Long names come as a member of type 'L' (GNU) before
 * theirs; pax headers (type 'x', 'g') are skipped, their names are cut at 100 bytes. A file is an
 * archive if its first block has the magic and a checksum that holds.
 */
#include "trace/members.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/memory.h"

enum { BLOCK = 512, MAX_FILES = 100000, MAX_DEPTH = 16 };

static int add_path(struct members *m, const char *path, int depth, struct err *err);

static int ignore_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct members *m, const char *path, int depth, struct err *err)
{
    struct dirent **entry = NULL;
    int count = scandir(path, &entry, ignore_hidden, compare_entries), rc = 0;

    if (count < 0)
        return err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *below;

        BUG_ON(asprintf(&below, "%s/%s", path, entry[i]->d_name) < 0);
        if (rc == 0)
            rc = add_path(m, below, depth + 1, err);
        free(below);
        free(entry[i]);
    }
    free(entry);
    return rc;
}

static int add_path(struct members *m, const char *path, int depth, struct err *err)
{
    struct stat status;

    if (strcmp(path, "-") != 0) {
        if (stat(path, &status))
            return err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
        if (S_ISDIR(status.st_mode) && depth < MAX_DEPTH)
            return add_folder(m, path, depth, err);
        if (depth > 0 && !S_ISREG(status.st_mode))
            return 0;
    }
    if (m->paths.count >= MAX_FILES)
        return err_set(err, ERR_LIMIT, "%s: more than %d files", path, MAX_FILES);
    vector_push(&m->paths, ((struct member_path){.path = xstrdup(path)}));
    return 0;
}

int members_open(struct members *m, const char *const *path, int paths, struct err *err)
{
    int rc = 0;

    *m = (struct members){.input = {.file = -1}};
    for (int i = 0; rc == 0 && i < paths; i++)
        rc = add_path(m, path[i], 0, err);
    if (rc)
        members_close(m);
    return rc;
}

int members_open_memory(struct members *m, const char *name, const void *bytes, size_t count)
{
    *m = (struct members){.input = {.file = -1}};
    vector_push(&m->paths, ((struct member_path){xstrdup(name), bytes, count}));
    return 0;
}

static void close_input(struct members *m)
{
    if (m->is_open) {
        m->raw_bytes += m->input.raw_bytes;
        input_close(&m->input);
    }
    m->is_open = m->in_archive = false;
}

void members_close(struct members *m)
{
    close_input(m);
    for (size_t i = 0; i < m->paths.count; i++)
        free(m->paths.item[i].path);
    vector_release(&m->paths);
    *m = (struct members){.input = {.file = -1}};
}

/* Reading behind the head that was looked at. */

static int64_t read_some(struct members *m, void *bytes, size_t count, struct err *err)
{
    int64_t got;

    if (m->head_at < m->head_end) {
        size_t part = m->head_end - m->head_at < count ? m->head_end - m->head_at : count;

        memcpy(bytes, m->head + m->head_at, part);
        m->head_at += part;
        return (int64_t)part;
    }
    got = input_read(&m->input, bytes, count, err);
    if (m->progress)
        atomic_store_explicit(m->progress, m->raw_bytes + m->input.raw_bytes, memory_order_relaxed);
    return got;
}

/* Fills the block as far as there is something. */
static int64_t read_full(struct members *m, uint8_t *bytes, size_t count, struct err *err)
{
    size_t have = 0;

    while (have < count) {
        int64_t got = read_some(m, bytes + have, count - have, err);

        if (got < 0)
            return got;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (int64_t)have;
}

/* Tar */

static bool parse_octal(const uint8_t *field, size_t width, int64_t *out)
{
    size_t at = 0;

    *out = 0;
    while (at < width && field[at] == ' ')
        at++;
    for (; at < width && field[at] >= '0' && field[at] <= '7'; at++) {
        if (*out > INT64_MAX / 16)
            return false;
        *out = *out * 8 + (field[at] - '0');
    }
    return at == width || field[at] == '\0' || field[at] == ' ';
}

static bool is_header(const uint8_t *block)
{
    int64_t stated, sum = 0;

    for (int i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : block[i];
    return memcmp(block + 257, "ustar", 5) == 0 && parse_octal(block + 148, 8, &stated) &&
           stated == sum;
}

static bool is_empty(const uint8_t *block)
{
    for (int i = 0; i < BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

static int damaged(const struct members *m, struct err *err)
{
    return err_set(err, ERR_CORRUPT, "%s: damaged archive", m->input.name);
}

static int skip_member(struct members *m, struct err *err)
{
    uint8_t waste[4096];
    int64_t left = m->left + m->padding;

    while (left > 0) {
        size_t part = left < (int64_t)sizeof waste ? (size_t)left : sizeof waste;
        int64_t got = read_some(m, waste, part, err);

        if (got < 0)
            return (int)got;
        if (got == 0)
            return damaged(m, err);
        left -= got;
    }
    m->left = m->padding = 0;
    return 0;
}

/* A member of type 'L': its bytes are the next one's name. */
static int read_long_name(struct members *m, char *name, size_t most, struct err *err)
{
    size_t part = m->left < (int64_t)most ? (size_t)m->left : most - 1;
    int64_t got = read_full(m, (uint8_t *)name, part, err);

    if (got < 0)
        return (int)got;
    if ((size_t)got < part)
        return damaged(m, err);
    name[part] = '\0';
    m->left -= (int64_t)part;
    return 0;
}

/* To the end of the file, so that one that was cut behind the last member is noticed. */
static int drain(struct members *m, struct err *err)
{
    uint8_t waste[4096];
    int64_t got;

    while ((got = read_some(m, waste, sizeof waste, err)) > 0)
        ;
    return (int)got;
}

static int next_in_archive(struct members *m, struct err *err)
{
    char long_name[512] = "";

    for (;;) {
        uint8_t block[BLOCK];
        int rc = skip_member(m, err);
        int64_t got;

        if (rc)
            return rc;
        got = read_full(m, block, BLOCK, err);
        if (got < 0)
            return (int)got;
        if (got == 0 || (got == BLOCK && is_empty(block)))
            return drain(m, err);
        if (got < BLOCK || !is_header(block) || !parse_octal(block + 124, 12, &m->left))
            return damaged(m, err);
        m->padding = (BLOCK - m->left % BLOCK) % BLOCK;
        if (block[156] == 'L') {
            rc = read_long_name(m, long_name, sizeof long_name, err);
            if (rc)
                return rc;
        } else if (block[156] == '0' || block[156] == '\0') {
            int width = (int)strnlen((char *)block, 100);

            snprintf(m->name, sizeof m->name, "%.400s/%.*s", m->input.name,
                     long_name[0] ? (int)sizeof long_name : width,
                     long_name[0] ? long_name : (char *)block);
            return 1;
        } else if (block[156] != 'x' && block[156] != 'g') {
            long_name[0] = '\0';
        }
    }
}

static int open_next_path(struct members *m, struct err *err)
{
    const struct member_path *path = &m->paths.item[m->next++];
    int64_t got;
    int rc;

    rc = path->memory ? input_open_memory(&m->input, path->path, path->memory, path->count, err)
                      : input_open(&m->input, path->path, err);
    m->is_open = true;
    if (rc)
        return rc;
    m->head_at = m->head_end = 0;
    got = read_full(m, m->head, MEMBER_HEAD, err);
    if (got < 0)
        return (int)got;
    m->head_end = (size_t)got;
    m->in_archive = got >= BLOCK && is_header(m->head);
    m->left = m->padding = 0;
    snprintf(m->name, sizeof m->name, "%.1000s", m->input.name);
    return 0;
}

int members_next(struct members *m, struct err *err)
{
    for (;;) {
        int rc;

        if (m->is_open && m->in_archive) {
            rc = next_in_archive(m, err);
            if (rc)
                return rc;
        }
        close_input(m);
        if (m->next == m->paths.count)
            return 0;
        rc = open_next_path(m, err);
        if (rc)
            return rc;
        if (!m->in_archive)
            return 1;
    }
}

int64_t members_read(struct members *m, void *bytes, size_t count, struct err *err)
{
    int64_t got;

    if (!m->in_archive)
        return read_some(m, bytes, count, err);
    if (m->left == 0)
        return 0;
    got = read_some(m, bytes, m->left < (int64_t)count ? (size_t)m->left : count, err);
    if (got == 0)
        return damaged(m, err);
    if (got > 0)
        m->left -= got;
    return got;
}

const char *members_base(const struct members *m)
{
    const char *slash = strrchr(m->name, '/');

    return slash ? slash + 1 : m->name;
}

int64_t members_raw_size(const struct members *m)
{
    int64_t sum = 0;

    for (size_t i = 0; i < m->paths.count; i++) {
        struct stat status;

        if (m->paths.item[i].memory)
            sum += (int64_t)m->paths.item[i].count;
        else if (stat(m->paths.item[i].path, &status) || !S_ISREG(status.st_mode))
            return 0;
        else
            sum += status.st_size;
    }
    return sum;
}
