/* SPDX-License-Identifier: Apache-2.0 */
#include "base/order.h"

#include <stdint.h>

int order_int32(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int order_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}
