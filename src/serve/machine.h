/* SPDX-License-Identifier: Apache-2.0 */
/* The machine at hand, and whether it has what the clusters of a site offer. */
#ifndef SERVE_MACHINE_H
#define SERVE_MACHINE_H

struct err;
struct site;
struct text;

/* ERR_INVALID, with the place in the site's file, for what cannot be done. What is not there, or is
 * offered by two clusters, goes into "doubts", a line each, with its place. */
int machine_check(const struct site *site, struct text *doubts, struct err *err);

/* Asks every cluster's backend what will be enforced; a paragraph for each. Nothing stays of it. */
int machine_probe(const struct site *site, struct text *out, struct err *err);

#endif
