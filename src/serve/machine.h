/* SPDX-License-Identifier: Apache-2.0 */
/* The machine at hand, and whether it has what the clusters of a site offer. */
#ifndef SERVE_MACHINE_H
#define SERVE_MACHINE_H

struct err;
struct site;
struct text;

/* ERR_INVALID, with the place in the site's file, for processors, GPUs or memory that are not there
 * or that another cluster offers already. In a trial (site->trial) only what cannot be done. */
int machine_check(const struct site *site, struct err *err);

/* Asks every cluster's backend what will be enforced; a paragraph for each. Nothing stays of it. */
int machine_probe(const struct site *site, struct text *out, struct err *err);

#endif
