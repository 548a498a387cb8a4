/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports for tests: files of our own making in a folder that is made and taken away, and the
 * public sets where they are (../shared/data, or data/ in the folder that TAP_SHARED names).
 */
#ifndef TESTS_IMPORT_CASE_H
#define TESTS_IMPORT_CASE_H

#include "harness.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "core/scenario.h"
#include "sim/arrivals.h"
#include "trace/import.h"

/* In double; cmocka's own compares floats. */
#define assert_near(value, wanted, tolerance) \
    assert_true(fabs((double)(value) - (double)(wanted)) <= (double)(tolerance))

struct import_case {
    char folder[64];
    char output[128];
    struct import_source arrivals, types[4], factors, sites, noise;
    struct import_request request;
    struct import_result result;
    struct err err;
    bool ran;
};

/* Sets *out to the public set's path, or NULL where the sets are not. */
static inline const char *case_data(void)
{
    static char path[4096];
    const char *shared = getenv("TAP_SHARED");

    snprintf(path, sizeof path, "%s/data", shared ? shared : TEST_SOURCE_DIR "/../shared");
    return access(path, R_OK) == 0 ? path : NULL;
}

static inline void case_begin(struct import_case *c)
{
    memset(c, 0, sizeof *c);
    snprintf(c->folder, sizeof c->folder, "/tmp/tapfinger-import-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    snprintf(c->output, sizeof c->output, "%s/out.yaml", c->folder);
    c->request = (struct import_request){.types = c->types,
                                         .output = c->output,
                                         .until_s = HUGE_VAL,
                                         .sample = 1,
                                         .stretch = 1,
                                         .seed = 1,
                                         .limits = -1,
                                         .cpus_per_gpu = 3,
                                         .work_s = 3600,
                                         .clusters = 1};
}

/* Writes a file into the folder; returns its path until the next call. */
static inline const char *case_file(struct import_case *c, const char *name, const char *content)
{
    static char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    fclose(file);
    return path;
}

static inline void case_source(struct import_case *c, struct import_source *source,
                               const char *text, const char *option)
{
    if (import_source_parse(source, text, case_data(), &option, option ? 1 : 0, &c->err))
        fail_msg("%s", c->err.message);
}

/* "FORMAT[:PART]" over one path. */
static inline void case_arrivals(struct import_case *c, const char *format, const char *path,
                                 const char *option)
{
    if (import_source_open(&c->arrivals, format, &path, path ? 1 : 0, case_data(), &option,
                           option ? 1 : 0, &c->err))
        fail_msg("%s", c->err.message);
    c->request.arrivals = &c->arrivals;
}

static inline void case_types(struct import_case *c, const char *format, const char *path,
                              const char *option)
{
    if (import_source_open(&c->types[c->request.type_sources], format, &path, path ? 1 : 0,
                           case_data(), &option, option ? 1 : 0, &c->err))
        fail_msg("%s", c->err.message);
    c->request.type_sources++;
}

static inline int case_try(struct import_case *c)
{
    if (c->ran)
        import_result_release(&c->result);
    c->ran = true;
    return import_run(&c->request, &c->result, &c->err);
}

static inline void case_run(struct import_case *c)
{
    if (case_try(c))
        fail_msg("%s", c->err.message);
}

static inline void case_end(struct import_case *c)
{
    DIR *dir = opendir(c->folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", c->folder, entry->d_name);
        remove(path);
    }
    closedir(dir);
    rmdir(c->folder);
    if (c->ran)
        import_result_release(&c->result);
    import_source_release(&c->arrivals);
    import_source_release(&c->factors);
    import_source_release(&c->sites);
    import_source_release(&c->noise);
    for (int i = 0; i < 4; i++)
        import_source_release(&c->types[i]);
}

static inline int64_t case_dropped(const struct import_case *c, enum trace_drop why)
{
    return c->arrivals.account.dropped[why];
}

/* The scenario that was written, with its arrivals; seed 1. */
struct case_world {
    struct scenario *scenario;
    struct arrivals arrivals;
};

static inline void case_load(struct import_case *c, struct case_world *world)
{
    if (scenario_load(&world->scenario, c->output, NULL, 0, &c->err))
        fail_msg("%s", c->err.message);
    arrivals_init(&world->arrivals);
    if (arrivals_make(&world->arrivals, world->scenario, 1, &c->err))
        fail_msg("%s", c->err.message);
}

static inline void case_unload(struct case_world *world)
{
    arrivals_release(&world->arrivals);
    scenario_free(world->scenario);
}

/* Seconds that an arrival runs alone with an allocation {cpu, gpu, ...} in the order of resources.
 */
static inline double case_seconds(const struct case_world *world, int32_t at, int32_t first,
                                  int32_t second)
{
    const struct arrival *arrival = &world->arrivals.item[at];
    const struct speed_model *model = &world->scenario->truth[arrival->type].speed;
    struct allocation amount = {{first, second}};

    return arrival->work * speed_seconds(model, speed_rate(model, &amount), 0, 1);
}

#endif
