/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The general model is part of the program, so that the policy needs no file to be told of. The
 * assembler takes it in as it is, aligned as the format likes it (docs/model-format.md).
 */
#include "policy/general_model.h"

#include <stdint.h>

extern const unsigned char general_model_begin[], general_model_end[];

__asm__(".pushsection .rodata\n"
        ".balign 64\n"
        ".hidden general_model_begin\n"
        ".hidden general_model_end\n"
        ".global general_model_begin\n"
        ".global general_model_end\n"
        "general_model_begin:\n"
        ".incbin \"models/general.tap\"\n"
        "general_model_end:\n"
        ".popsection\n");

const void *general_model_bytes(size_t *count)
{
    *count = (size_t)((uintptr_t)general_model_end - (uintptr_t)general_model_begin);
    return general_model_begin;
}
