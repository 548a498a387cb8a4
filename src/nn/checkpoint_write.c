/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/crc64.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "nn/checkpoint.h"
#include "nn/checkpoint_layout.h"
#include "nn/weights.h"

static void put_u32(unsigned char *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put_u64(unsigned char *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

/* A file as it grows: its table first, the data behind. */
struct writer {
    struct text file;
    size_t table; /* offset of the next row */
};

static void pad_to(struct text *text, size_t unit)
{
    while (text->length % unit != 0)
        text_add_char(text, '\0');
}

static void add_zeros(struct text *text, size_t count)
{
    static const char zeros[256] = {0};

    for (; count > 0; count -= count < sizeof zeros ? count : sizeof zeros)
        text_add_bytes(text, zeros, count < sizeof zeros ? count : sizeof zeros);
}

static void add_row(struct writer *writer, const char *name, enum checkpoint_role role,
                    enum checkpoint_type type, int ranks, const uint64_t *size, uint64_t bytes)
{
    unsigned char row[CHECKPOINT_ENTRY_BYTES] = {0};
    size_t length = strlen(name);

    BUG_ON(length == 0 || length >= CHECKPOINT_NAME_BYTES);
    memcpy(row, name, length + 1);
    put_u32(row + ENTRY_ROLE, role);
    put_u32(row + ENTRY_TYPE, type);
    put_u32(row + ENTRY_RANKS, (uint32_t)ranks);
    for (int i = 0; i < ranks; i++)
        put_u64(row + ENTRY_SIZE + 8 * i, size[i]);
    pad_to(&writer->file, CHECKPOINT_ALIGN);
    put_u64(row + ENTRY_OFFSET, writer->file.length);
    put_u64(row + ENTRY_BYTES, bytes);
    memcpy(writer->file.bytes + writer->table, row, sizeof row);
    writer->table += sizeof row;
}

static void add_block(struct writer *writer, const struct weights *weights, const real *block,
                      enum checkpoint_role role)
{
    for (size_t i = 0; i < weights->tensors.count; i++) {
        const struct tensor *tensor = &weights->tensors.item[i];
        uint64_t size[TENSOR_RANKS];

        for (int r = 0; r < tensor->ranks; r++)
            size[r] = (uint64_t)tensor->size[r];
        add_row(writer, tensor->name, role, CHECKPOINT_FLOAT32, tensor->ranks, size,
                tensor->count * sizeof(float));
        for (size_t k = 0; k < tensor->count; k++) {
            float number = (float)block[tensor->offset + k];

            text_add_bytes(&writer->file, &number, sizeof number);
        }
    }
}

static void add_head(struct text *file, const char *metadata, size_t entries)
{
    unsigned char head[CHECKPOINT_HEAD_BYTES] = CHECKPOINT_MAGIC;
    size_t bytes = strlen(metadata);

    put_u32(head + HEAD_VERSION, CHECKPOINT_VERSION);
    put_u32(head + HEAD_ENTRIES, (uint32_t)entries);
    put_u64(head + HEAD_METADATA_BYTES, bytes);
    text_add_bytes(file, head, sizeof head);
    text_add_bytes(file, metadata, bytes);
    pad_to(file, CHECKPOINT_ALIGN);
    put_u64((unsigned char *)file->bytes + HEAD_TABLE, file->length);
    add_zeros(file, entries * CHECKPOINT_ENTRY_BYTES);
}

int checkpoint_write(const char *path, const char *metadata, const struct weights *weights,
                     bool moments, const struct checkpoint_blob *blob, int blobs, struct err *err)
{
    size_t entries = weights->tensors.count * (moments ? 3 : 1) + (size_t)blobs;
    struct writer writer;
    int rc;

    BUG_ON(strlen(metadata) > CHECKPOINT_METADATA_BYTES || entries > CHECKPOINT_ENTRIES);
    text_init(&writer.file, 0);
    add_head(&writer.file, metadata, entries);
    writer.table = writer.file.length - entries * CHECKPOINT_ENTRY_BYTES;
    add_block(&writer, weights, weights->value, CHECKPOINT_WEIGHT);
    if (moments) {
        add_block(&writer, weights, weights->moment1, CHECKPOINT_MOMENT1);
        add_block(&writer, weights, weights->moment2, CHECKPOINT_MOMENT2);
    }
    for (int i = 0; i < blobs; i++) {
        uint64_t count = blob[i].count;

        add_row(&writer, blob[i].name, CHECKPOINT_STATE, CHECKPOINT_BYTES, 1, &count, count);
        if (count > 0)
            text_add_bytes(&writer.file, blob[i].bytes, blob[i].count);
    }
    put_u64((unsigned char *)writer.file.bytes + HEAD_FILE_BYTES, writer.file.length);
    put_u64((unsigned char *)writer.file.bytes + HEAD_CHECKSUM,
            crc64(0, writer.file.bytes, writer.file.length));
    rc = text_write_file(&writer.file, path, err);
    text_release(&writer.file);
    return rc;
}
