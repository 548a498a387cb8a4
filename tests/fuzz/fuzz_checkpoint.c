/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model files from hostile hands. Each input is read as it is, and once more with its length and
 * checksum put right, without which hardly any would be looked at further. What is accepted is then
 * used: every number is touched, and a network is made of it if it says it is one.
 *
 *     make fuzz FUZZ=checkpoint SECONDS=600
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/paper_model.h"
#include "base/crc64.h"
#include "base/err.h"
#include "base/memory.h"
#include "fuzz.h"
#include "nn/checkpoint.h"
#include "nn/checkpoint_layout.h"

static void use_checkpoint(const struct checkpoint *checkpoint)
{
    unsigned sum = 0;
    struct paper_net net;
    struct err err;

    for (int i = 0; i < checkpoint->entries; i++) {
        const struct checkpoint_entry *entry = &checkpoint->entry[i];
        const unsigned char *data = entry->data;

        for (uint64_t k = 0; k < entry->bytes; k++)
            sum += data[k];
        BUG_ON(checkpoint_find(checkpoint, entry->role, entry->name) != entry);
    }
    BUG_ON(sum == 1 && checkpoint->entries == 0);
    if (paper_model_load(&net, checkpoint, 0, &err) == 0) {
        BUG_ON(weights_find_nonfinite(&net.weights, net.weights.value));
        paper_net_release(&net);
    }
}

static void read_checkpoint(const uint8_t *bytes, size_t size)
{
    struct checkpoint *checkpoint;
    struct err err = {0};

    if (checkpoint_parse(&checkpoint, "input", bytes, size, &err) == 0)
        use_checkpoint(checkpoint);
    else
        BUG_ON(checkpoint || err.code == ERR_NONE || err.message[0] == '\0');
    checkpoint_close(checkpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t *mended = xmalloc(size);
    uint64_t word = size;

    read_checkpoint(bytes, size);
    memcpy(mended, bytes, size);
    if (size >= CHECKPOINT_HEAD_BYTES) {
        memcpy(mended + HEAD_FILE_BYTES, &word, sizeof word);
        memset(mended + HEAD_CHECKSUM, 0, sizeof word);
        word = crc64(0, mended, size);
        memcpy(mended + HEAD_CHECKSUM, &word, sizeof word);
    }
    read_checkpoint(mended, size);
    free(mended);
    return 0;
}
