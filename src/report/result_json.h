/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as JSON, out and in: every figure there is, at full precision. */
#ifndef REPORT_RESULT_JSON_H
#define REPORT_RESULT_JSON_H

struct emit;
struct err;
struct outcome;
struct result;

enum result_details {
    RESULT_CLOCK = 1u << 0,    /* what depends on the machine's clock */
    RESULT_PER_SEED = 1u << 1, /* the figures of every seed */
};

/* One object, schema "tapfinger.simulation/1"; documented in docs/outputs.md. details
 * is enum result_details. */
void result_emit(const struct result *result, unsigned details, struct emit *e);
/* The same inside an object that the caller opened and closes. */
void result_emit_keys(const struct result *result, unsigned details, struct emit *e);

/*
 * Reads the figures per seed of such an object from a file into outcome, for a result whose
 * entrants and seeds are set: they must be the file's. What is not in the file is NAN or 0.
 */
int result_read(const struct result *result, const char *path, struct outcome *outcome,
                struct err *err);

#endif
