/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a site file: it is read, or refused with a message. */
#include "fuzz.h"

#include "base/err.h"
#include "base/memory.h"
#include "serve/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct site site;
    struct err err = {0};
    int rc;

    if (count > 1 << 16)
        return 0;
    rc = site_parse(&site, "input", (const char *)bytes, count, &err);
    BUG_ON(rc < 0 ? !err.message[0] : site.clusters < 1 || !site.folder);
    for (int c = 0; rc == 0 && c < site.clusters; c++)
        BUG_ON(site_find_cluster(&site, site.cluster[c].name) != c);
    site_release(&site);
    return 0;
}
