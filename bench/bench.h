/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: --key value arguments by an option table, a clock, JSON lines. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/option.h"
#include "base/text.h"
#include "policy/registry.h"

static inline _Noreturn void bench_fail(const struct err *err)
{
    fprintf(stderr, "%s\n", err->message);
    exit(1);
}

/* Reads "--name value" pairs; anything else ends the program. */
static inline void bench_options(struct params *params, const struct option_spec *spec, int argc,
                                 char **argv)
{
    struct err err;

    params_init(params, spec);
    for (int i = 1; i < argc; i += 2) {
        const char *name = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : argv[i];

        if (params_set(params, name, i + 1 < argc ? argv[i + 1] : "", &err))
            bench_fail(&err);
    }
}

static inline const struct policy_ops *bench_policy(const char *name)
{
    const struct policy_ops *ops = policy_find(name);
    struct err err;

    if (!ops) {
        err_set(&err, ERR_NOT_FOUND, "there is no policy \"%s\"", name);
        bench_fail(&err);
    }
    return ops;
}

static inline double bench_now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline double bench_least(double a, double b)
{
    return a < b ? a : b;
}

struct bench_line {
    struct text text;
    struct emit emit;
};

static inline void bench_begin(struct bench_line *line, const char *bench)
{
    text_init(&line->text, 0);
    emit_init(&line->emit, &line->text);
    emit_open(&line->emit, '{');
    emit_key_string(&line->emit, "bench", bench);
}

/* Four digits, and large figures in thousands: more would be noise. */
static inline void bench_real(struct bench_line *line, const char *key, double value)
{
    char digits[32];

    snprintf(digits, sizeof digits, value < 1e4 ? "%.4g" : "%.0f000",
             value < 1e4 ? value : value / 1000);
    emit_key(&line->emit, key);
    emit_raw(&line->emit, digits);
}

static inline void bench_end(struct bench_line *line)
{
    emit_close(&line->emit);
    puts(line->text.bytes);
    fflush(stdout);
    text_release(&line->text);
}

#endif
