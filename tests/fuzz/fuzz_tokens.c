/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a site's file of tokens: it is read, or refused with a message. */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "serve/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    token_list list = {0};
    struct err err = {0};
    int rc = token_file_parse(&list, "input", (const char *)bytes, count, &err);

    BUG_ON(rc < 0 && !err.message[0]);
    for (size_t i = 0; i < list.count; i++) {
        const struct token *token = &list.item[i];

        BUG_ON(!*token->name || !*token->user || token->role == ROLE_NONE || !token->from_file);
        BUG_ON(strspn(token->hash, "0123456789abcdef") != SHA256_HEX_BYTES - 1);
    }
    token_list_release(&list);
    return 0;
}
