/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text (RFC 4648, section 4): for binary data inside pages. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

struct text;

void base64_add(struct text *out, const void *bytes, size_t count);

#endif
