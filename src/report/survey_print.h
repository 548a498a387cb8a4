/* SPDX-License-Identifier: Apache-2.0 */
/* What a survey found, in words, tables and JSON. */
#ifndef REPORT_SURVEY_PRINT_H
#define REPORT_SURVEY_PRINT_H

struct emit;
struct scenario;
struct survey;
struct table_style;
struct text;

/* One line each; nothing if there is nothing to warn of. */
void survey_warnings(const struct survey *survey, const struct scenario *scenario,
                     struct text *out);

void survey_print(const struct survey *survey, const struct scenario *scenario,
                  const struct table_style *style, struct text *out);

/* One object, schema "tapfinger.check/1", warnings included. */
void survey_emit(const struct survey *survey, const struct scenario *scenario, struct emit *e);

#endif
