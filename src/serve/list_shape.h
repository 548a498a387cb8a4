/* SPDX-License-Identifier: Apache-2.0 */
/* What any list may be asked for: only some members of its items, and another order. */
#ifndef SERVE_LIST_SHAPE_H
#define SERVE_LIST_SHAPE_H

struct reply;
struct request;
struct route;

/* Shapes the answer of a route by fields= and sort=, as far as the route's table names them; jobs
 * are sorted where they are paged, so their route does that itself. */
void list_shape(const struct route *route, const struct request *request, struct reply *reply);

#endif
