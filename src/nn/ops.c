/* SPDX-License-Identifier: Apache-2.0 */
#include "nn/ops.h"

#include <string.h>

const struct ops *const *ops_all(void)
{
    static const struct ops *const ref[] = {&ops_ref, NULL};
#if defined(__x86_64__) && !defined(NN_DOUBLE)
    static const struct ops *const avx2[] = {&ops_avx2, &ops_ref, NULL};
    static const struct ops *const avx512[] = {&ops_avx512, &ops_avx2, &ops_ref, NULL};

    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512f") ? avx512 : avx2;
#endif
    return ref;
}

const struct ops *ops_best(void)
{
    return ops_all()[0];
}

const struct ops *ops_find(const char *name)
{
    const struct ops *const *each = ops_all();

    if (!name || strcmp(name, "best") == 0)
        return each[0];
    while (*each && strcmp((*each)->name, name) != 0)
        each++;
    return *each;
}

size_t attention_size(const struct attention_shape *shape)
{
    size_t size = 0;

    for (int s = 0; s < shape->segments; s++) {
        size_t queries = (size_t)(shape->query_first[s + 1] - shape->query_first[s]);
        size_t keys = (size_t)(shape->key_first[s + 1] - shape->key_first[s]);

        size += queries * keys * (size_t)shape->heads;
    }
    return size;
}
