/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule as a picture for papers: clusters as lanes, as high as what they have of the main
 * resource, stretches in the colours of their types. */
#ifndef REPORT_GANTT_DRAW_H
#define REPORT_GANTT_DRAW_H

struct err;
struct gantt;

enum { GANTT_DRAWN = 50000 }; /* stretches that a picture should have at most */

/* The format is by the ending of the path: svg, pdf or png. */
int gantt_draw_write(const struct gantt *gantt, const char *path, struct err *err);

#endif
