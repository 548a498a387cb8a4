/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of an event log: JSON objects, one per line, always with the same bytes for the same
 * event, so that a log can be checked by running it again and comparing text.
 *
 *     {"event":"run","schema":"tapfinger.events/1","version":..,"scenario":name,"policy":spec,
 *      "seed":n,"arrivals":n,"config":"the effective scenario as YAML"}
 *     {"at":..,"type":..,"clusters":[..],"work":..,"home":..}     arrivals of them, if a file gave
 *                                                                 them: see sim/arrivals.h
 *     {"at":seconds,"event":word,"task":id,"cluster":name, ...}   see core/event.h for the words
 *     {"at":seconds,"event":"end","finished":n,"lost":n,"unfinished":n,"decisions":n,"stuck":bool}
 *
 * Further keys of events: "type" and "reach" (how many clusters) of an arrival; "allocation" of a
 * start, resize or migration; "progress" (0 .. 1) of a task that is under way; "from" of a
 * migration; "with", a task whose allocation the one that started or moved shares; "other", the
 * second cluster of a link; "reason" of what was refused.
 */
#ifndef SIM_EVENT_FORMAT_H
#define SIM_EVENT_FORMAT_H

#include <stdint.h>

struct arrival;
struct event;
struct metrics;
struct scenario;
struct text;
struct view;

#define EVENT_LOG_SCHEMA "tapfinger.events/1"

/* Parts of lines that are made once per scenario. */
struct event_format {
    const struct scenario *scenario;
    char **cluster, **type; /* names as JSON strings */
    char **resource;        /* names as JSON keys: "cpu": */
};

void event_format_init(struct event_format *format, const struct scenario *scenario);
void event_format_release(struct event_format *format);

/* Each adds one line with its end. */
void event_format_run(const struct event_format *format, const char *policy, uint64_t seed,
                      int32_t arrivals, struct text *out);
void event_format_arrival(const struct event_format *format, const struct arrival *arrival,
                          struct text *out);
void event_format_event(const struct event_format *format, const struct view *view,
                        const struct event *event, struct text *out);
void event_format_end(double at_s, const struct metrics *metrics, struct text *out);

#endif
