/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons for qsort(3) and bsearch(3): ascending. */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

int order_int32(const void *a, const void *b);
int order_double(const void *a, const void *b);

#endif
