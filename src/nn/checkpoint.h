/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model files (.tap): what docs/model-format.md describes. A file holds metadata (a JSON object),
 * the weights by name, and maybe the optimiser's moments and other state, so that training can go
 * on where it stopped. A file that is cut off, damaged, of another version or made to do harm is
 * refused before anything of it is used.
 */
#ifndef NN_CHECKPOINT_H
#define NN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/yaml.h"

struct err;
struct weights;

enum {
    CHECKPOINT_VERSION = 1,
    CHECKPOINT_HEAD_BYTES = 64,
    CHECKPOINT_ENTRY_BYTES = 192,
    CHECKPOINT_NAME_BYTES = 128,
    CHECKPOINT_ALIGN = 64,
    CHECKPOINT_RANKS = 4,
    CHECKPOINT_ENTRIES = 65536,           /* at most */
    CHECKPOINT_METADATA_BYTES = 16 << 20, /* at most */
};

enum checkpoint_role {
    CHECKPOINT_WEIGHT = 1,
    CHECKPOINT_MOMENT1 = 2,
    CHECKPOINT_MOMENT2 = 3,
    CHECKPOINT_STATE = 4, /* bytes that only their writer understands */
};

enum checkpoint_type { CHECKPOINT_FLOAT32 = 1, CHECKPOINT_BYTES = 2 };

struct checkpoint_entry {
    const char *name; /* borrowed from the file */
    enum checkpoint_role role;
    enum checkpoint_type type;
    int ranks;
    uint64_t size[CHECKPOINT_RANKS];
    const void *data; /* aligned to 64 bytes, if the file is */
    uint64_t bytes;
};

struct checkpoint {
    char *name; /* of the file, for messages */
    const unsigned char *bytes;
    size_t size;
    bool mapped;
    int entries;
    struct checkpoint_entry *entry;         /* in the order of the file */
    const struct checkpoint_entry **sorted; /* by role and name */
    struct yaml_document metadata;          /* its root is a map */
};

/* Maps a file and checks all of it. The file must not be changed while it is open. On failure *out
 * is NULL. */
int checkpoint_open(struct checkpoint **out, const char *path, struct err *err);

/* The same for bytes that stay the caller's; name stands for the path in messages. */
int checkpoint_parse(struct checkpoint **out, const char *name, const void *bytes, size_t size,
                     struct err *err);

void checkpoint_close(struct checkpoint *checkpoint);

/* Borrowed, or NULL. */
const struct checkpoint_entry *checkpoint_find(const struct checkpoint *checkpoint,
                                               enum checkpoint_role role, const char *name);

/* Whether the names and shapes of the file's weights are those of the network. */
int checkpoint_check_weights(const struct checkpoint *checkpoint, const struct weights *weights,
                             struct err *err);

/* Copies the weights: the names and shapes of file and network must be the same, and every number
 * finite. */
int checkpoint_read_weights(const struct checkpoint *checkpoint, struct weights *weights,
                            struct err *err);

/* Copies the moments likewise; ERR_NOT_FOUND if the file has none. */
int checkpoint_read_moments(const struct checkpoint *checkpoint, struct weights *weights,
                            struct err *err);

/* Bytes to keep under a name, as role CHECKPOINT_STATE. */
struct checkpoint_blob {
    const char *name;
    const void *bytes;
    size_t count;
};

/*
 * Writes a file, beside its place first. metadata is a JSON object. With `moments` the optimiser's
 * go in too. The same arguments give the same bytes.
 */
int checkpoint_write(const char *path, const char *metadata, const struct weights *weights,
                     bool moments, const struct checkpoint_blob *blob, int blobs, struct err *err);

#endif
