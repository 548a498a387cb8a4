/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/text.h"

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct text *out, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i += 3) {
        unsigned second = i + 1 < count ? from[i + 1] : 0, third = i + 2 < count ? from[i + 2] : 0;
        char four[4] = {digit[from[i] >> 2], digit[(from[i] & 3u) << 4 | second >> 4],
                        i + 1 < count ? digit[(second & 15) << 2 | third >> 6] : '=',
                        i + 2 < count ? digit[third & 63] : '='};

        text_add_bytes(out, four, 4);
    }
}
