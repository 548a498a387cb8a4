/* SPDX-License-Identifier: Apache-2.0 */
#include "core/amounts.h"

#include "base/err.h"
#include "base/option.h"
#include "base/yaml.h"
#include "core/catalog.h"

int amounts_find_resource(const struct yaml_node *at, const char *what, const char *name,
                          const struct catalog *catalog, int *out, struct err *err)
{
    const char *names[MAX_RESOURCES], *near;

    *out = catalog_find_resource(catalog, name);
    if (*out >= 0)
        return 0;
    for (int r = 0; r < catalog->resources; r++)
        names[r] = catalog->resource[r].name;
    near = nearest_name(names, catalog->resources, name);
    return yaml_error(at, err, "%s: there is no resource \"%.60s\"%s%s%s", what, name,
                      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int amounts_read(const struct yaml_node *map, const char *what, const struct catalog *catalog,
                 struct allocation *out, struct err *err)
{
    int rc = yaml_need_kind(map, YAML_MAP, what, err);

    for (int i = 0; rc == 0 && i < map->items; i++) {
        int64_t quantity = 0;
        int r;

        rc = amounts_find_resource(map->item[i], what, map->key[i], catalog, &r, err);
        if (rc == 0 && yaml_int(map->item[i], map->key[i], 0, MAX_QUANTITY, &quantity, err))
            rc = err_inside(err, "%s", what);
        if (rc == 0)
            out->amount[r] = (int32_t)quantity;
    }
    return rc;
}

int amounts_read_real(const struct yaml_node *map, const char *what, const struct catalog *catalog,
                      double low, double high, double out[MAX_RESOURCES], bool given[MAX_RESOURCES],
                      struct err *err)
{
    int rc = yaml_need_kind(map, YAML_MAP, what, err);

    for (int r = 0; r < MAX_RESOURCES; r++)
        given[r] = false;
    for (int i = 0; rc == 0 && i < map->items; i++) {
        int r;

        rc = amounts_find_resource(map->item[i], what, map->key[i], catalog, &r, err);
        if (rc == 0 && yaml_real(map->item[i], map->key[i], low, high, &out[r], err))
            rc = err_inside(err, "%s", what);
        if (rc == 0)
            given[r] = true;
    }
    return rc;
}
