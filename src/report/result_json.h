/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as JSON: every figure there is, at full precision. */
#ifndef REPORT_RESULT_JSON_H
#define REPORT_RESULT_JSON_H

struct emit;
struct result;

/* One object, schema "tapfinger.simulation/1"; documented in docs/outputs.md. */
void result_emit(const struct result *result, struct emit *e);

#endif
