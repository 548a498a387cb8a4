/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's figures in Prometheus' text form; docs/operate.md says what each means. */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

struct daemon;
struct text;

void metrics_print(struct daemon *daemon, struct text *out);

#endif
