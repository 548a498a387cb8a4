/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger serve: the daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "serve/daemon.h"

/* Keepers are this very program. */
static int find_program(char *out, size_t bytes, struct err *err)
{
    ssize_t length = readlink("/proc/self/exe", out, bytes - 1);

    if (length < 0)
        return err_set(err, ERR_IO, "cannot find this program's own path in /proc");
    out[length] = 0;
    return 0;
}

static int check(const char *path, struct err *err)
{
    struct site site;
    int rc = site_read(&site, path, err);

    if (rc == 0)
        printf("%s: site %s, %d cluster%s, policy %s; everything is kept in %s\n",
               path ? path : "built-in", site.name, site.clusters, site.clusters == 1 ? "" : "s",
               site.policy, site.folder);
    site_release(&site);
    return rc ? EXIT_MISUSED : EXIT_DONE;
}

static void say_ready(const struct daemon *daemon)
{
    struct text words;

    text_init(&words, 0);
    daemon_print_addresses(daemon, &words);
    printf("ready %s (%d cluster%s, policy %s, store ok)\n", words.bytes, daemon->site.clusters,
           daemon->site.clusters == 1 ? "" : "s", daemon->live.spec.label);
    fflush(stdout);
    text_release(&words);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *path = arguments_string(args, "config");
    struct daemon daemon;
    char program[4096];
    int rc;

    if (arguments_flag(args, "check"))
        return check(path, err);
    if (find_program(program, sizeof program, err))
        return EXIT_FAILED;
    rc = daemon_open(&daemon, path, program, err);
    if (rc)
        return rc == ERR_INVALID ? EXIT_MISUSED : EXIT_FAILED;
    say_ready(&daemon);
    rc = daemon_run(&daemon, err);
    daemon_close(&daemon);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static const struct example examples[] = {
    {"tapfinger serve", "run tasks on this machine, nothing to configure"},
    {"tapfinger serve -c site.yaml", "a site with several clusters"},
    {"tapfinger serve -c site.yaml --check", "only look whether the file is right"},
    {0},
};

static const struct option_spec options[] = {
    {"config", OPTION_STRING, .choices = "FILE", .letter = 'c',
     .help = "the site; default: this machine as one cluster"},
    {"check", OPTION_FLAG, .help = "check the file and leave"},
    {0},
};

const struct command command_serve = {
    .name = "serve",
    .summary = "run the daemon: place, size and run real tasks",
    .description =
        "Takes submissions over a unix socket (and TCP, if the site says so), lets a policy decide "
        "where each task runs and how much it gets, and runs it.\n\n"
        "It can be stopped and killed at any time: tasks keep running, and the next start finds "
        "them. The first line on standard output says where it listens.",
    .examples = examples,
    .options = options,
    .run = run,
};
