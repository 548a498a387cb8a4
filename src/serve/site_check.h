/* SPDX-License-Identifier: Apache-2.0 */
/* What can be found wrong with a site before it is served, beyond what its file says. */
#ifndef SERVE_SITE_CHECK_H
#define SERVE_SITE_CHECK_H

struct err;
struct site;

/* Looks up the address to listen at, reads the tokens' and TLS files, and opens the policy with its
 * options and model, as the daemon would. Nothing is left behind. */
int site_check(const struct site *site, struct err *err);

#endif
