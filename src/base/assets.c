/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assets.h"

#include <string.h>

#include "base/memory.h"

const struct asset *asset_find(const char *name)
{
    const struct asset *asset = assets;

    while (asset->name && strcmp(asset->name, name) != 0)
        asset++;
    BUG_ON(!asset->name);
    return asset;
}
