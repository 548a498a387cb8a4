/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entity tags (RFC 9110, 8.8.3): by If-None-Match nobody is sent again what he has, by If-Match
 * nobody changes what another has changed meanwhile.
 */
#ifndef SERVE_ENTITY_TAG_H
#define SERVE_ENTITY_TAG_H

#include "serve/message.h"

struct daemon;

/* Of a reply to a request that reads, quotes and all. */
void entity_tag_print(struct daemon *daemon, const struct request *request,
                      const struct reply *reply, char out[ENTITY_TAG_BYTES]);
/* Whether the caller has it already (If-None-Match). */
bool entity_tag_is_known(const struct request *request, const char *tag);
/* Whether what is to be changed is still as the caller knows it (If-Match). */
bool entity_tag_allows(struct daemon *daemon, const struct request *request);

#endif
