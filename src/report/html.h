/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that come from outside, made harmless inside HTML: in content and in quoted attributes. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stddef.h>

struct text;

/* Invalid UTF-8 becomes U+FFFD, and so do control characters, which HTML may not have. */
void html_add(struct text *out, const char *string);

/* JSON inside a script element: no "<" is left that could end it. */
void html_add_json(struct text *out, const char *json, size_t length);

#endif
