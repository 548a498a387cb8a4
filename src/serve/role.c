/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/role.h"

#include <string.h>

static const char *const words[] = {"none", "read", "submit", "admin"};

const char *role_word(enum role role)
{
    return words[role];
}

bool role_find(const char *word, enum role *out)
{
    for (int role = ROLE_NONE; role <= ROLE_ADMIN; role++)
        if (strcmp(word, words[role]) == 0) {
            *out = (enum role)role;
            return true;
        }
    return false;
}
