/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cannot be done is refused: a processor in a list that is not there, or that is listed twice.
 * A cluster may offer more than there is, and two clusters the same, to try things: quotas keep
 * tasks apart as well as they can, and GPUs are only named. But then what is measured is not what
 * was given, so it is said.
 *
 * There are the processors that the kernel would give to a task (all that are online and within
 * this process's cpuset), the GPUs that NVML counts, and the machine's memory.
 */
#include "serve/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/cpu_list.h"
#include "backend/gpu_driver.h"
#include "backend/gpu_parts.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "serve/runner.h"
#include "serve/site.h"

/* What there is, and which cluster has it: -1, nobody yet. */
struct machine {
    struct cpu_list cpus;
    int gpus;
    int64_t mem_bytes, mem_taken_bytes;
    int cpu_of[CPU_LIST_MAX], gpu_of[CPU_LIST_MAX];
};

struct check {
    const struct site *site;
    struct machine machine;
    int cluster;
    struct text *doubts;
    struct err *err;
};

static void machine_look(struct machine *machine, const struct site *site)
{
    cpu_list_there(&machine->cpus);
    machine->gpus = site_has_gpus(site) ? gpu_driver_total() : 0;
    machine->mem_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    machine->mem_taken_bytes = 0;
    for (int id = 0; id < CPU_LIST_MAX; id++)
        machine->cpu_of[id] = machine->gpu_of[id] = -1;
}

static int blame(const struct check *check, const char *key, struct err *err)
{
    char path[64];

    snprintf(path, sizeof path, "clusters[%d].%s", check->cluster, key);
    return site_blame(check->site, path, ERR_INVALID, err);
}

static int refuse(const struct check *check, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void doubt(const struct check *check, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct check *check, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(check->err, ERR_INVALID, format, args);
    va_end(args);
    return blame(check, key, check->err);
}

static void doubt(const struct check *check, const char *key, const char *format, ...)
{
    struct err err = {0};
    va_list args;

    va_start(args, format);
    err_set_v(&err, ERR_INVALID, format, args);
    va_end(args);
    blame(check, key, &err);
    text_printf(check->doubts, "%s\n", err.message);
}

/* None has the same twice; that two clusters have is told once of each. */
static int claim(const struct check *check, const char *key, const char *what,
                 const struct cpu_list *list, int *owner)
{
    bool told = false;

    for (int i = 0; i < list->count; i++) {
        int *of = &owner[list->id[i]];

        if (*of == check->cluster)
            return refuse(check, key, "%s %d is listed twice", what, list->id[i]);
        if (*of >= 0 && !told)
            doubt(check, key, "%s %d is offered by %s already: their tasks share it", what,
                  list->id[i], check->site->cluster[*of].name);
        told |= *of >= 0;
        *of = check->cluster;
    }
    return 0;
}

static int check_listed(struct check *check, const char *text, struct cpu_list *list)
{
    int rc = cpu_list_parse(list, text, check->err);
    char *there;

    if (rc)
        return blame(check, "cpus", check->err);
    if (!list->count)
        return refuse(check, "cpus", "expected at least one processor");
    there = cpu_list_text(&check->machine.cpus);
    for (int i = 0; i < list->count && rc == 0; i++)
        if (!cpu_list_has(&check->machine.cpus, list->id[i]))
            rc = refuse(check, "cpus", "processor %d is not there; expected some of %s",
                        list->id[i], there);
    free(there);
    return rc;
}

static int check_processors(struct check *check)
{
    const struct site_cluster *cluster = &check->site->cluster[check->cluster];
    int cpus = cluster->capacity.amount[SITE_CPU], rc = 0;
    struct cpu_list list;

    if (cluster->cpus)
        rc = check_listed(check, cluster->cpus, &list);
    else
        cpu_list_own(&list);
    if (rc == 0 && cpus > list.count)
        doubt(check, "cpu", "%d processors, but %s %d: tasks share them", cpus,
              cluster->cpus ? "cpus lists" : "there are", list.count);
    return rc ? rc : claim(check, "cpus", "processor", &list, check->machine.cpu_of);
}

static int check_gpus(struct check *check)
{
    const struct site_cluster *cluster = &check->site->cluster[check->cluster];
    int gpus = cluster->capacity.amount[SITE_GPU], there = check->machine.gpus, rc = 0;
    struct gpu_parts parts;
    struct cpu_list list;

    if (cpu_list_gpus(&list, cluster->gpus, gpus, check->err))
        return blame(check, "gpus", check->err);
    for (int i = 0; i < list.count && gpus; i++)
        if (list.id[i] >= there) {
            doubt(check, "gpu", "GPU %d is not there, NVML finds %d: tasks hear of it all the same",
                  list.id[i], there);
            break;
        }
    if (gpus)
        rc = claim(check, "gpus", "GPU", &list, check->machine.gpu_of);
    if (rc)
        return rc;
    rc = gpu_parts_open(&parts, cluster->name, gpus, &list, check->err);
    gpu_parts_release(&parts);
    return rc ? site_blame(check->site, "clusters", rc, check->err) : 0;
}

static void check_memory(struct check *check)
{
    struct machine *machine = &check->machine;
    int64_t own = check->site->cluster[check->cluster].capacity.amount[SITE_MEM];

    machine->mem_taken_bytes += own * SITE_MEM_UNIT_BYTES;
    if (own > 0 && machine->mem_taken_bytes >= machine->mem_bytes + SITE_MEM_UNIT_BYTES)
        doubt(check, "mem", "with this cluster %.1f GiB are offered, but %.1f are there",
              (double)machine->mem_taken_bytes / (1 << 30), (double)machine->mem_bytes / (1 << 30));
}

int machine_check(const struct site *site, struct text *doubts, struct err *err)
{
    struct check *check = xcalloc(1, sizeof *check);
    int rc = 0;

    check->site = site;
    check->doubts = doubts;
    check->err = err;
    machine_look(&check->machine, site);
    for (; check->cluster < site->clusters && rc == 0; check->cluster++) {
        rc = check_processors(check);
        if (rc == 0)
            rc = check_gpus(check);
        check_memory(check);
    }
    free(check);
    return rc;
}

static int probe_cluster(const struct site *site, int c, struct text *out, struct err *err)
{
    const struct site_cluster *cluster = &site->cluster[c];
    struct backend_config config = runner_config(site, c);
    char groups[64];
    struct text lines;
    int rc;

    snprintf(groups, sizeof groups, "tapfinger-check-%d", (int)getpid());
    config.groups = groups;
    config.program = "";
    text_init(&lines, 0);
    rc = backend_find(cluster->backend)->probe(&config, &lines, err);
    if (rc == 0) {
        text_printf(out, "%s, by backend %s:\n", cluster->name, cluster->backend);
        for (const char *at = lines.bytes; at && *at;) {
            size_t length = strcspn(at, "\n");

            text_printf(out, "  %.*s\n", (int)length, at);
            at += length + (at[length] == '\n');
        }
    }
    text_release(&lines);
    return rc;
}

int machine_probe(const struct site *site, struct text *out, struct err *err)
{
    int rc = 0;

    for (int c = 0; c < site->clusters && rc == 0; c++)
        rc = probe_cluster(site, c, out, err);
    return rc;
}
