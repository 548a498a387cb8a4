/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that is compiled again when the commit changes; the Makefile sees to that. */
#include "base/version.h"

#ifndef TAP_COMMIT
#define TAP_COMMIT ""
#endif

const char *version_number(void)
{
    return TAP_VERSION;
}

const char *version_commit(void)
{
    return TAP_COMMIT;
}
