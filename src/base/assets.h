/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of web/ inside the program: pages are made from them without anything being installed.
 * tools/embed writes the table behind this when the program is built.
 */
#ifndef BASE_ASSETS_H
#define BASE_ASSETS_H

#include <stddef.h>

struct asset {
    const char *name; /* its path below web/ */
    const unsigned char *bytes;
    size_t count; /* a NUL follows, which is not counted */
};

extern const struct asset assets[]; /* by name; ends with .name == NULL */

/* By name; one that is not there is a bug. */
const struct asset *asset_find(const char *name);

#endif
