/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzzer's target over its corpus, and over each of its files cut short and with bits turned.
 */
#include "harness.h"

#include <dirent.h>

#include "base/text.h"
#include "fuzz/fuzz_checkpoint.c"

static void replay(const char *name)
{
    struct text path, file;
    struct err err;
    uint8_t *bytes;

    text_init(&path, 0);
    text_init(&file, 0);
    text_printf(&path, "%s/tests/fuzz/corpus/checkpoint/%s", TEST_SOURCE_DIR, name);
    assert_int_equal(text_read_file(&file, path.bytes, &err), 0);
    bytes = xmalloc(file.length);
    memcpy(bytes, file.bytes, file.length);
    LLVMFuzzerTestOneInput(bytes, file.length);
    for (size_t cut = 0; cut < file.length; cut += 1 + cut / 16) {
        uint8_t *part = xmalloc(cut); /* of its own, so that reading past its end is seen */

        memcpy(part, bytes, cut);
        LLVMFuzzerTestOneInput(part, cut);
        free(part);
    }
    for (size_t at = 0; at < file.length; at += 1 + at / 64) {
        bytes[at] ^= (uint8_t)(1u << at % 8);
        LLVMFuzzerTestOneInput(bytes, file.length);
        bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    free(bytes);
    text_release(&path);
    text_release(&file);
}

static void corpus_does_no_harm(void **state)
{
    DIR *folder = opendir(TEST_SOURCE_DIR "/tests/fuzz/corpus/checkpoint");
    struct dirent *entry;
    int files = 0;
    (void)state;

    assert_non_null(folder);
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.') {
            replay(entry->d_name);
            files++;
        }
    closedir(folder);
    assert_true(files >= 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(corpus_does_no_harm),
};

RUN_TESTS(tests)
