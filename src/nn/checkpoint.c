/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading model files. Nothing in the file is trusted: the checksum comes first, but it only tells
 * damage from intent, so every offset and size is then checked against the file's own length, in
 * arithmetic that cannot overflow: a quantity is compared with what is left, never added up.
 *
 * Writing is in checkpoint_write.c, the format byte by byte in docs/model-format.md.
 */
#include "nn/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc64.h"
#include "base/err.h"
#include "base/memory.h"
#include "nn/checkpoint_layout.h"
#include "nn/weights.h"

static int corrupt(const struct checkpoint *checkpoint, struct err *err, const char *what)
{
    return err_set(err, ERR_CORRUPT, "%s: damaged model file: %s", checkpoint->name, what);
}

static uint64_t file_checksum(const unsigned char *bytes, size_t size)
{
    static const unsigned char zeros[8] = {0};
    uint64_t crc = crc64(0, bytes, HEAD_CHECKSUM);

    crc = crc64(crc, zeros, sizeof zeros);
    return crc64(crc, bytes + CHECKPOINT_HEAD_BYTES, size - CHECKPOINT_HEAD_BYTES);
}

static int check_head(const struct checkpoint *checkpoint, struct err *err)
{
    const unsigned char *head = checkpoint->bytes;
    uint32_t version;

    if (checkpoint->size < CHECKPOINT_HEAD_BYTES ||
        memcmp(head, CHECKPOINT_MAGIC, CHECKPOINT_MAGIC_BYTES) != 0)
        return err_set(err, ERR_INVALID, "%s: not a tapfinger model file", checkpoint->name);
    version = layout_u32(head + HEAD_VERSION);
    if (version != CHECKPOINT_VERSION)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: model file of version %u, this program reads version %d",
                       checkpoint->name, version, CHECKPOINT_VERSION);
    if (layout_u64(head + HEAD_FILE_BYTES) != checkpoint->size)
        return err_set(err, ERR_CORRUPT, "%s: damaged model file: %zu bytes, should have %llu",
                       checkpoint->name, checkpoint->size,
                       (unsigned long long)layout_u64(head + HEAD_FILE_BYTES));
    if (layout_u64(head + HEAD_CHECKSUM) != file_checksum(head, checkpoint->size))
        return corrupt(checkpoint, err, "the checksum does not match");
    if (layout_u64(head + HEAD_RESERVED) != 0 || layout_u64(head + HEAD_RESERVED + 8) != 0)
        return corrupt(checkpoint, err, "reserved bytes are used");
    return 0;
}

/* Whether `bytes` bytes from `offset` on lie between `from` and the end of the file. */
static bool lies_within(const struct checkpoint *checkpoint, uint64_t from, uint64_t offset,
                        uint64_t bytes)
{
    return offset >= from && offset <= checkpoint->size && bytes <= checkpoint->size - offset;
}

static int read_metadata(struct checkpoint *checkpoint, struct err *err)
{
    uint64_t bytes = layout_u64(checkpoint->bytes + HEAD_METADATA_BYTES);
    int rc;

    if (bytes > CHECKPOINT_METADATA_BYTES ||
        !lies_within(checkpoint, CHECKPOINT_HEAD_BYTES, CHECKPOINT_HEAD_BYTES, bytes))
        return corrupt(checkpoint, err, "metadata out of range");
    rc = yaml_parse(&checkpoint->metadata, checkpoint->name,
                    (const char *)checkpoint->bytes + CHECKPOINT_HEAD_BYTES, (size_t)bytes, err);
    if (rc)
        return rc;
    if (!checkpoint->metadata.root || checkpoint->metadata.root->kind != YAML_MAP)
        return corrupt(checkpoint, err, "the metadata is no object");
    return 0;
}

/* The product of the sizes and the width of a number; more than any file if it is too large. */
static uint64_t shape_bytes(const struct checkpoint_entry *entry)
{
    uint64_t bytes = entry->type == CHECKPOINT_FLOAT32 ? sizeof(float) : 1;

    for (int i = 0; i < CHECKPOINT_RANKS; i++)
        if (i >= entry->ranks ? entry->size[i] != 0
                              : __builtin_mul_overflow(bytes, entry->size[i], &bytes))
            return UINT64_MAX;
    return bytes;
}

static bool name_is_proper(const unsigned char *name)
{
    const unsigned char *end = memchr(name, 0, CHECKPOINT_NAME_BYTES);

    if (!end || end == name)
        return false;
    for (const unsigned char *c = name; c < end; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    for (; end < name + CHECKPOINT_NAME_BYTES; end++)
        if (*end != 0)
            return false;
    return true;
}

/* Reads one row of the table; *data_from is where the data before it ended. */
static int read_entry(struct checkpoint *checkpoint, struct checkpoint_entry *entry,
                      const unsigned char *row, uint64_t *data_from, struct err *err)
{
    uint64_t offset = layout_u64(row + ENTRY_OFFSET);
    uint32_t role = layout_u32(row + ENTRY_ROLE), type = layout_u32(row + ENTRY_TYPE);
    uint32_t ranks = layout_u32(row + ENTRY_RANKS);

    if (!name_is_proper(row) || layout_u32(row + ENTRY_RESERVED) != 0)
        return corrupt(checkpoint, err, "a tensor's name is not proper text");
    if (role < CHECKPOINT_WEIGHT || role > CHECKPOINT_STATE || type < CHECKPOINT_FLOAT32 ||
        type > CHECKPOINT_BYTES || ranks < 1 || ranks > CHECKPOINT_RANKS ||
        (role != CHECKPOINT_STATE && type != CHECKPOINT_FLOAT32))
        return corrupt(checkpoint, err, "a tensor of an unknown kind");
    *entry = (struct checkpoint_entry){
        .name = (const char *)row,
        .role = (enum checkpoint_role)role,
        .type = (enum checkpoint_type)type,
        .ranks = (int)ranks,
        .bytes = layout_u64(row + ENTRY_BYTES),
    };
    for (int i = 0; i < CHECKPOINT_RANKS; i++)
        entry->size[i] = layout_u64(row + ENTRY_SIZE + 8 * i);
    if (shape_bytes(entry) != entry->bytes)
        return corrupt(checkpoint, err, "a tensor's length is not that of its shape");
    if (offset % CHECKPOINT_ALIGN != 0 ||
        !lies_within(checkpoint, *data_from, offset, entry->bytes))
        return corrupt(checkpoint, err, "a tensor out of range");
    entry->data = checkpoint->bytes + offset;
    *data_from = offset + entry->bytes;
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct checkpoint_entry *x = *(const struct checkpoint_entry *const *)a;
    const struct checkpoint_entry *y = *(const struct checkpoint_entry *const *)b;

    return x->role != y->role ? (x->role > y->role) - (x->role < y->role)
                              : strcmp(x->name, y->name);
}

/* Also makes the index that checkpoint_find searches. */
static int refuse_duplicates(struct checkpoint *checkpoint, struct err *err)
{
    size_t count = (size_t)checkpoint->entries;

    checkpoint->sorted = xcalloc(count, sizeof *checkpoint->sorted);
    for (size_t i = 0; i < count; i++)
        checkpoint->sorted[i] = &checkpoint->entry[i];
    qsort(checkpoint->sorted, count, sizeof *checkpoint->sorted, compare_entries);
    for (size_t i = 1; i < count; i++)
        if (compare_entries(&checkpoint->sorted[i - 1], &checkpoint->sorted[i]) == 0)
            return corrupt(checkpoint, err, "two tensors of one name");
    return 0;
}

static int read_table(struct checkpoint *checkpoint, struct err *err)
{
    const unsigned char *head = checkpoint->bytes;
    uint32_t entries = layout_u32(head + HEAD_ENTRIES);
    uint64_t table = layout_u64(head + HEAD_TABLE), bytes, data_from;

    if (entries > CHECKPOINT_ENTRIES)
        return corrupt(checkpoint, err, "too many tensors");
    bytes = (uint64_t)entries * CHECKPOINT_ENTRY_BYTES;
    if (table % 8 != 0 ||
        !lies_within(checkpoint, CHECKPOINT_HEAD_BYTES + layout_u64(head + HEAD_METADATA_BYTES),
                     table, bytes))
        return corrupt(checkpoint, err, "table of tensors out of range");
    data_from = table + bytes;
    checkpoint->entries = (int)entries;
    checkpoint->entry = xcalloc(entries, sizeof *checkpoint->entry);
    for (uint32_t i = 0; i < entries; i++) {
        int rc = read_entry(checkpoint, &checkpoint->entry[i],
                            head + table + (size_t)i * CHECKPOINT_ENTRY_BYTES, &data_from, err);

        if (rc)
            return rc;
    }
    return refuse_duplicates(checkpoint, err);
}

static int check_all(struct checkpoint *checkpoint, struct err *err)
{
    int rc = check_head(checkpoint, err);

    if (rc == 0)
        rc = read_metadata(checkpoint, err);
    if (rc == 0)
        rc = read_table(checkpoint, err);
    return rc;
}

static struct checkpoint *checkpoint_new(const char *name, const void *bytes, size_t size)
{
    struct checkpoint *checkpoint = xcalloc(1, sizeof *checkpoint);

    checkpoint->name = xstrdup(name);
    checkpoint->bytes = bytes;
    checkpoint->size = size;
    arena_init(&checkpoint->metadata.arena);
    return checkpoint;
}

int checkpoint_parse(struct checkpoint **out, const char *name, const void *bytes, size_t size,
                     struct err *err)
{
    struct checkpoint *checkpoint = checkpoint_new(name, bytes, size);
    int rc = check_all(checkpoint, err);

    *out = checkpoint;
    if (rc) {
        checkpoint_close(checkpoint);
        *out = NULL;
    }
    return rc;
}

/* Maps a regular file of at least one byte. */
static int map_file(const unsigned char **bytes, size_t *size, const char *path, struct err *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
    void *map;

    if (fd < 0)
        return err_set(err, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0) {
        rc = err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0) {
        rc = err_set(err, ERR_INVALID, "%s: not a tapfinger model file", path);
        goto out;
    }
    map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        rc = err_set(err, ERR_IO, "%s: cannot map: %s", path, strerror(errno));
        goto out;
    }
    *bytes = map;
    *size = (size_t)info.st_size;
out:
    close(fd);
    return rc;
}

int checkpoint_open(struct checkpoint **out, const char *path, struct err *err)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    int rc = map_file(&bytes, &size, path, err);

    *out = NULL;
    if (rc)
        return rc;
    *out = checkpoint_new(path, bytes, size);
    (*out)->mapped = true;
    rc = check_all(*out, err);
    if (rc) {
        checkpoint_close(*out);
        *out = NULL;
    }
    return rc;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    if (checkpoint->mapped)
        munmap((void *)(uintptr_t)checkpoint->bytes, checkpoint->size);
    yaml_close(&checkpoint->metadata);
    free(checkpoint->entry);
    free(checkpoint->sorted);
    free(checkpoint->name);
    free(checkpoint);
}

const struct checkpoint_entry *checkpoint_find(const struct checkpoint *checkpoint,
                                               enum checkpoint_role role, const char *name)
{
    const struct checkpoint_entry key = {.role = role, .name = name}, *wanted = &key, **found;

    found = bsearch(&wanted, checkpoint->sorted, (size_t)checkpoint->entries,
                    sizeof *checkpoint->sorted, compare_entries);
    return found ? *found : NULL;
}

static bool same_shape(const struct checkpoint_entry *entry, const struct tensor *tensor)
{
    if (entry->ranks != tensor->ranks)
        return false;
    for (int i = 0; i < tensor->ranks; i++)
        if (entry->size[i] != (uint64_t)tensor->size[i])
            return false;
    return true;
}

/* The entry of a tensor, with the shape that the network gives it; NULL with *err set if there is
 * none. */
static const struct checkpoint_entry *find_tensor(const struct checkpoint *checkpoint,
                                                  enum checkpoint_role role,
                                                  const struct tensor *tensor, struct err *err)
{
    const struct checkpoint_entry *entry = checkpoint_find(checkpoint, role, tensor->name);

    if (!entry)
        err_set(err, ERR_INVALID, "%s: has no tensor \"%s\"", checkpoint->name, tensor->name);
    else if (!same_shape(entry, tensor))
        err_set(err, ERR_INVALID, "%s: tensor \"%s\" has another shape than the network's",
                checkpoint->name, tensor->name);
    else
        return entry;
    return NULL;
}

static int copy_tensor(const struct checkpoint *checkpoint, enum checkpoint_role role,
                       const struct tensor *tensor, real *out, struct err *err)
{
    const struct checkpoint_entry *entry = find_tensor(checkpoint, role, tensor, err);

    if (!entry)
        return ERR_INVALID;
    for (size_t i = 0; i < tensor->count; i++) {
        float number;

        memcpy(&number, (const unsigned char *)entry->data + i * sizeof number, sizeof number);
        if (!isfinite(number))
            return err_set(err, ERR_CORRUPT, "%s: tensor \"%s\" has a number that is not finite",
                           checkpoint->name, tensor->name);
        out[i] = (real)number;
    }
    return 0;
}

static int copy_block(const struct checkpoint *checkpoint, enum checkpoint_role role,
                      const struct weights *weights, real *block, struct err *err)
{
    for (size_t i = 0; i < weights->tensors.count; i++) {
        const struct tensor *tensor = &weights->tensors.item[i];
        int rc = copy_tensor(checkpoint, role, tensor, block + tensor->offset, err);

        if (rc)
            return rc;
    }
    return 0;
}

static size_t count_role(const struct checkpoint *checkpoint, enum checkpoint_role role)
{
    size_t count = 0;

    for (int i = 0; i < checkpoint->entries; i++)
        count += checkpoint->entry[i].role == role;
    return count;
}

int checkpoint_check_weights(const struct checkpoint *checkpoint, const struct weights *weights,
                             struct err *err)
{
    for (size_t i = 0; i < weights->tensors.count; i++)
        if (!find_tensor(checkpoint, CHECKPOINT_WEIGHT, &weights->tensors.item[i], err))
            return ERR_INVALID;
    if (count_role(checkpoint, CHECKPOINT_WEIGHT) > weights->tensors.count)
        return err_set(err, ERR_INVALID, "%s: has tensors that the network does not know",
                       checkpoint->name);
    return 0;
}

int checkpoint_read_weights(const struct checkpoint *checkpoint, struct weights *weights,
                            struct err *err)
{
    int rc = checkpoint_check_weights(checkpoint, weights, err);

    return rc ? rc : copy_block(checkpoint, CHECKPOINT_WEIGHT, weights, weights->value, err);
}

int checkpoint_read_moments(const struct checkpoint *checkpoint, struct weights *weights,
                            struct err *err)
{
    int rc;

    if (count_role(checkpoint, CHECKPOINT_MOMENT1) == 0)
        return err_set(err, ERR_NOT_FOUND, "%s: has no optimiser state", checkpoint->name);
    rc = copy_block(checkpoint, CHECKPOINT_MOMENT1, weights, weights->moment1, err);
    if (rc == 0)
        rc = copy_block(checkpoint, CHECKPOINT_MOMENT2, weights, weights->moment2, err);
    return rc;
}
