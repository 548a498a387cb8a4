/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else's, against an installed libtapfinger: client SCENARIO POLICY FIRST
 * LAST prints "tasks mean p95 makespan" of every seed. Used by install.sh. */
#include <stdio.h>
#include <stdlib.h>

#include <tapfinger.h>

static int fail(const char *error)
{
    fprintf(stderr, "client: %s\n", error);
    return 1;
}

int main(int argc, char **argv)
{
    struct tap_scenario *scenario;
    char error[TAP_ERROR_BYTES];

    if (argc != 5)
        return fail("expected SCENARIO POLICY FIRST LAST");
    if (tap_scenario_load(&scenario, argv[1], NULL, 0, error))
        return fail(error);
    for (uint64_t seed = strtoull(argv[3], NULL, 10); seed <= strtoull(argv[4], NULL, 10); seed++) {
        struct tap_metrics metrics;

        if (tap_run(scenario, argv[2], seed, &metrics, error))
            return fail(error);
        printf("%lld %.12g %.12g %.12g\n", (long long)metrics.finished, metrics.mean_completion,
               metrics.p95, metrics.makespan);
    }
    tap_scenario_free(scenario);
    return 0;
}
