/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a results directory back: run.json and summary.csv (docs/outputs.md), and where the files
 * of its episodes are. What other programs left in it is of no interest. */
#ifndef REPORT_RUN_READ_H
#define REPORT_RUN_READ_H

#include "base/arena.h"
#include "base/vector.h"
#include "core/catalog.h"
#include "report/result.h"

struct err;
struct outcome;

struct run_record {
    struct arena arena;
    char *path;
    const char *version, *commit, *command, *summary, *config_sha256;
    const char **argument;
    int arguments;
    bool is_finished;       /* DONE is there */
    struct catalog catalog; /* resources, clusters and time unit; no types, links or rules */
    const struct cluster_info **by_name; /* clusters, sorted */
    const char **folder;                 /* by entrant */
    struct entrant *entrant;
    uint64_t *seed;
    struct outcome *outcome;
    struct result result; /* of all the above, summed up */
};

/* Whether there is a run in a folder. */
bool run_is_there(const char *path);

int run_read(struct run_record **out, const char *path, struct err *err);
void run_free(struct run_record *run);

/* Index of a cluster, or -1. */
int run_find_cluster(const struct run_record *run, const char *name);

/* Path of a file of an episode, "jobs.csv" say; the caller frees it. */
char *run_episode_path(const struct run_record *run, int entrant, int seed_index, const char *name);

#endif
