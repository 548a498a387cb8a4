/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as it comes from outside: who writes it into a format that insists on it asks here first.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes of the valid sequence at s (a NUL is one of 1 byte), or 0: neither cut nor overlong ones,
 * surrogates, nor codes above U+10FFFF are valid. */
size_t utf8_length(const char *s);

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD, to stand for what is not valid */

#endif
