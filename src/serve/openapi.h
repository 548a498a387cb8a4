/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI 3.1 document, made from the table of routes. */
#ifndef SERVE_OPENAPI_H
#define SERVE_OPENAPI_H

#include <jansson.h>

json_t *openapi_json(void);

#endif
