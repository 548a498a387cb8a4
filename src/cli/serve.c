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
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/plan_table.h"
#include "report/table.h"
#include "serve/address.h"
#include "serve/daemon.h"
#include "serve/machine.h"
#include "serve/site_check.h"

/* Keepers are this very program. */
static int find_program(char *out, size_t bytes, struct err *err)
{
    ssize_t length = readlink("/proc/self/exe", out, bytes - 1);

    if (length < 0)
        return err_set(err, ERR_IO, "cannot find this program's own path in /proc");
    out[length] = 0;
    return 0;
}

static void warn_of_anonymous(const struct site *site)
{
    struct address address;

    if (site->http && site->anonymous > ROLE_READ &&
        address_find(&address, site->http, NULL) == 0 && !address_is_loopback(&address))
        fprintf(stderr, "tapfinger: %s\n", site_anonymous_warning(site));
}

/* What will be served, and how every cluster keeps tasks to what they get. */
static int print_check(const struct site *site, const char *path, struct err *err)
{
    struct text clusters;
    int rc;

    text_init(&clusters, 0);
    rc = machine_probe(site, &clusters, err);
    if (rc == 0)
        printf("%s: site %s, %d cluster%s, policy %s; everything is kept in %s\n%s",
               path ? path : "built-in", site->name, site->clusters, site->clusters == 1 ? "" : "s",
               site->policy, site->folder, clusters.bytes);
    text_release(&clusters);
    return rc;
}

static int check(const char *path, struct err *err)
{
    struct site site;
    struct text doubts;
    int rc = site_read(&site, path, err);

    text_init(&doubts, 0);
    if (rc == 0)
        rc = site_check(&site, &doubts, err);
    if (rc == 0)
        rc = site_check_policy(&site, err);
    if (rc == 0)
        rc = print_check(&site, path, err);
    if (rc == 0)
        warn_of_anonymous(&site);
    if (rc == 0)
        site_print_doubts(&doubts, "tapfinger: warning: ");
    text_release(&doubts);
    site_release(&site);
    return rc ? EXIT_MISUSED : EXIT_DONE;
}

/* Where the daemon of a site listens, as a client says it. */
static int find_socket(const char *path, struct client *client, struct err *err)
{
    struct site site;
    int rc = site_read(&site, path, err);

    if (rc == 0)
        rc = client_open_socket(client, site.unix_path, err);
    site_release(&site);
    return rc;
}

/* Asks the daemon that runs at this site: what there is to decide about is known to it alone. */
static int rehearse(const struct arguments *args, const char *policy, struct err *err)
{
    struct client client = {0};
    struct answer answer;
    struct table table;
    int code;

    if (find_socket(arguments_string(args, "config"), &client, err))
        return EXIT_MISUSED;
    code = client_call(&client, "POST", "/v1/policy/plan", json_pack("{s:s}", "policy", policy),
                       NULL, &answer, err);
    if (code == EXIT_DONE && arguments_want_json(args)) {
        fputs(answer.body.bytes, stdout);
    } else if (code == EXIT_DONE) {
        struct text out;

        text_init(&out, 0);
        if (plan_table_fill(&table, answer.doc))
            table_print(&table,
                        &(struct table_style){.width = LISTING_WIDTH,
                                              .colour = arguments_want_colour(args, 1)},
                        &out);
        fputs(out.bytes ? out.bytes : "", stdout);
        text_release(&out);
        table_release(&table);
    }
    answer_release(&answer);
    client_close(&client);
    return code;
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
    if (arguments_string(args, "dry-run-policy"))
        return rehearse(args, arguments_string(args, "dry-run-policy"), err);
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
    {"tapfinger serve -c site.yaml --check", "is the file right, and what will be enforced?"},
    {"tapfinger serve -c site.yaml --dry-run-policy fair",
     "what another policy would do now, at the daemon that runs"},
    {0},
};

static const struct option_spec options[] = {
    {"config", OPTION_STRING, .choices = "FILE", .letter = 'c',
     .help = "the site; default: this machine as one cluster"},
    {"check", OPTION_FLAG,
     .help = "check the file, what it names and what this machine has of it, say for every cluster "
             "what will be enforced, and leave"},
    {"dry-run-policy", OPTION_STRING, .choices = "POLICY",
     .help = "show what another policy would start, resize and stop now at the daemon that runs at "
             "this site, change nothing and leave"},
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
    .keys = site_sections,
    .run = run,
};
