/* SPDX-License-Identifier: Apache-2.0 */
/* Which build this is; files that are meant to be reproduced carry both. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

const char *version_number(void); /* "0.1.0" */
/* The commit that was built, "+" behind it if the tree had changes; "" when it is not known. */
const char *version_commit(void);

#endif
