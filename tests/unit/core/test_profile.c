/* SPDX-License-Identifier: Apache-2.0 */
/* Speeds that stand in another file: believed as they stand there, epoch by epoch. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "core/estimator.h"
#include "core/scenario.h"
#include "temp_folder.h"

static const char site[] = "clusters: [{name: c, capacity: {gpu: 4}}]\n"
                           "arrivals: {process: poisson, rate: 1, tasks: 10}\n";

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * expected))
        fail_msg("%.12g where %.12g was expected", value, expected);
}

/* Of the resources and slot in `head`; the type's further keys. */
static struct scenario *load(const char *head, const char *type)
{
    struct scenario *scenario;
    char yaml[1024];
    struct err err;

    snprintf(yaml, sizeof yaml, "%s%stypes: {a: {min: {gpu: 1}, max: {gpu: 4}, %s}}\n", head, site,
             type);
    if (scenario_parse(&scenario, "t.yaml", ".", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    return scenario;
}

/* Opens "profile:" of a file with this text; the message of a failure, or "". */
static const char *open_profile(struct estimator *e, const struct scenario *scenario,
                                const char *head, const char *types)
{
    static struct err err;
    struct temp_folder folder;
    char *path, model[256];
    FILE *file;
    int rc;

    temp_folder_open(&folder);
    path = temp_path(&folder, "there.yaml");
    file = fopen(path, "w");
    fprintf(file, "%s%stypes: {%s}\n", head, site, types);
    fclose(file);
    snprintf(model, sizeof model, "profile:%s", path);
    err.message[0] = '\0';
    rc = estimator_open(e, scenario, 1, model, &err);
    assert_int_equal(rc < 0, err.message[0] != '\0');
    temp_folder_close(&folder);
    free(path);
    return err.message;
}

static void its_speeds_are_believed(void **state)
{
    static const char type[] = "a: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: table, "
                               "grid: {gpu: [1, 2, 4]}, seconds: [80, 50, 60]}}";
    const struct allocation one = {{1}}, two = {{2}};
    struct scenario *here = load("resources: [gpu]\n", "speed: {model: constant, value: 1}");
    struct estimator e;
    (void)state;

    assert_string_equal(open_profile(&e, here, "resources: [gpu]\n", type), "");
    assert_int_equal(e.ops->info, INFO_MODEL);
    assert_close(estimator_speed(&e, 0, &two, 0.5), 1 / 50.0);
    assert_close(estimator_seconds(&e, 0, &one, 0.25), 60);
    assert_close(estimator_sample(&e, 0, &one, 0.25, 7), 1 / 80.0);
    estimator_close(&e);
    scenario_free(here);
}

/*
 * Here the first epoch is 0.2 of the work, there half of it. Progress 0.1 here is half an epoch,
 * 0.25 there: 75 of 100 s are left. In the first epoch 0.01 a second there is 0.004 here.
 */
static void epochs_are_epochs(void **state)
{
    static const char type[] = "a: {min: {gpu: 1}, max: {gpu: 4}, epochs: [0.5, 1], "
                               "speed: {model: constant, value: 0.01}}";
    const struct allocation one = {{1}};
    struct scenario *here = load("resources: [gpu]\n", "epochs: [0.2, 1], "
                                                       "speed: {model: constant, value: 1}");
    struct estimator e;
    (void)state;

    assert_string_equal(open_profile(&e, here, "resources: [gpu]\n", type), "");
    assert_close(estimator_seconds(&e, 0, &one, 0), 100);
    assert_close(estimator_seconds(&e, 0, &one, 0.1), 75);
    assert_close(estimator_seconds(&e, 0, &one, 0.2), 50);
    assert_close(estimator_seconds(&e, 0, &one, 0.6), 25);
    assert_close(estimator_speed(&e, 0, &one, 0.1), 0.004);
    assert_close(estimator_speed(&e, 0, &one, 0.9), 0.016);
    estimator_close(&e);
    scenario_free(here);
}

static void what_does_not_match_is_refused(void **state)
{
    static const struct {
        const char *head, *types, *message;
    } wrong[] = {
        {"resources: [gpu]\n", "b: {min: {gpu: 1}, speed: {model: constant, value: 1}}",
         "as a profile it must have a type \"a\""},
        {"resources: [cpu, gpu]\n",
         "a: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: constant, value: 1}}",
         "as a profile its resource 1 must be \"gpu\", not \"cpu\""},
        {"resources: [gpu]\nslot: 60\n",
         "a: {min: {gpu: 1}, max: {gpu: 4}, speed: {model: constant, value: 1}}",
         "as a profile its slot must be 0 s, not 60"},
        {"resources: [gpu]\n", "a: {min: {gpu: 1}, speed: {model: constant, valu: 1}}",
         "there.yaml:4: "},
    };
    struct scenario *here = load("resources: [gpu]\n", "speed: {model: constant, value: 1}");
    struct estimator e;
    struct err err;
    (void)state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *message = open_profile(&e, here, wrong[i].head, wrong[i].types);

        if (!strstr(message, wrong[i].message))
            fail_msg("\"%s\" where \"%s\" was expected", message, wrong[i].message);
    }
    assert_int_not_equal(estimator_open(&e, here, 1, "profile:", &err), 0);
    assert_int_not_equal(estimator_open(&e, here, 1, "profile:/nowhere.yaml", &err), 0);
    assert_non_null(strstr(err.message, "/nowhere.yaml"));
    scenario_free(here);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(its_speeds_are_believed),
    cmocka_unit_test(epochs_are_epochs),
    cmocka_unit_test(what_does_not_match_is_refused),
};

RUN_TESTS(tests)
