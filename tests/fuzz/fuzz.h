/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets: tests/fuzz/fuzz_NAME.c has libFuzzer's entry point, tests/fuzz/corpus/NAME/ its
 * corpus. "make fuzz FUZZ=NAME SECONDS=600" fuzzes; "make check" runs every file of the corpus
 * through the same function (tests/fuzz/replay_corpus.c).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
