/* SPDX-License-Identifier: Apache-2.0 */
/* How the processors and GPUs of one machine are divided among several clusters. */
#ifndef SERVE_PARTITION_H
#define SERVE_PARTITION_H

struct site;

/* Clusters that do not list processors (GPUs) are given as many as they offer, of those that no
 * other has, while there are enough; otherwise they stay without a list, and share. With one
 * cluster there is nothing to divide. */
void partition_site(struct site *site);

#endif
