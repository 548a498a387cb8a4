/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody may do; each role may also do what the ones before it may. */
#ifndef SERVE_ROLE_H
#define SERVE_ROLE_H

#include <stdbool.h>

enum role { ROLE_NONE, ROLE_READ, ROLE_SUBMIT, ROLE_ADMIN };

const char *role_word(enum role role);
/* False: no such word. */
bool role_find(const char *word, enum role *out);

#endif
