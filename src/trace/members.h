/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a user's paths stand for: a file itself, all below a folder (by name), all in a
 * tar archive; compressed or not. One is open at a time.
 */
#ifndef TRACE_MEMBERS_H
#define TRACE_MEMBERS_H

#include <stdatomic.h>

#include "base/vector.h"
#include "trace/input.h"

enum { MEMBER_HEAD = 1024, MEMBER_NAME = 1024 };

struct member_path {
    char *path;
    const uint8_t *memory; /* or the bytes themselves */
    size_t count;
};

struct members {
    VECTOR(struct member_path) paths;
    size_t next;
    struct input input;
    bool is_open, in_archive;
    int64_t left, padding;     /* archive: bytes of this member, and behind it */
    uint8_t head[MEMBER_HEAD]; /* looked at, not yet read */
    size_t head_at, head_end;
    char name[MEMBER_NAME];    /* of the present member: "archive.tar.gz/folder/file.csv" */
    int64_t raw_bytes;         /* of the inputs before this one */
    _Atomic int64_t *progress; /* where to say how many raw bytes are read; may be NULL */
};

/* Folders are walked here; files are opened as they come. */
int members_open(struct members *members, const char *const *path, int paths, struct err *err);
int members_open_memory(struct members *members, const char *name, const void *bytes, size_t count);
void members_close(struct members *members); /* a struct of zeros is closed */

/* The next member: 1, or 0 at the end, or an error. What is left of the present one is skipped. */
int members_next(struct members *members, struct err *err);
/* Up to count bytes of the present member: how many, 0 at its end, or an error. */
int64_t members_read(struct members *members, void *bytes, size_t count, struct err *err);

/* The last part of the present member's name. */
const char *members_base(const struct members *members);
/* Bytes of all files together, as they lie on the disk; 0 if that is not known. */
int64_t members_raw_size(const struct members *members);

#endif
