/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test starts from: cmocka, one process per file, and a last line
 * "N passed, N failed" that tests/run adds up. A skipped test says why and counts as neither.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

/* Tests that draw many cases draw this many times fewer where sanitizers make each slow. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { HARNESS_SLOWDOWN = 10 };
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { HARNESS_SLOWDOWN = 10 };
#else
enum { HARNESS_SLOWDOWN = 1 };
#endif
#else
enum { HARNESS_SLOWDOWN = 1 };
#endif

static int harness_skipped;

#define SKIP_TEST(reason)                          \
    do {                                           \
        printf("SKIP %s: %s\n", __func__, reason); \
        harness_skipped++;                         \
        return;                                    \
    } while (0)

#define RUN_TESTS(tests)                                                                       \
    int main(void)                                                                             \
    {                                                                                          \
        int count = (int)(sizeof(tests) / sizeof((tests)[0]));                                 \
        int failed = cmocka_run_group_tests(tests, NULL, NULL);                                \
                                                                                               \
        printf("%d passed, %d failed, %d skipped\n", count - failed - harness_skipped, failed, \
               harness_skipped);                                                               \
        return failed != 0;                                                                    \
    }

#endif
