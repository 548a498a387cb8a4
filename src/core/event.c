/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

const char *event_word(enum event_kind kind)
{
    static const char *const word[] = {
#define X(name, word, meaning) word,
        EVENT_LIST(X)
#undef X
    };

    return word[kind];
}
