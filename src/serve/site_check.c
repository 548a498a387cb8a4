/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/site_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "serve/address.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/machine.h"
#include "serve/site.h"
#include "serve/token.h"
#include "store/store.h"

static int check_file(const struct site *site, const char *key, const char *path, struct err *err)
{
    return path && access(path, R_OK) != 0
               ? site_refuse(site, err, key, "%s: %s", path, strerror(errno))
               : 0;
}

static int check_address(const struct site *site, struct err *err)
{
    struct address address;
    int rc = site->http ? address_find(&address, site->http, err) : 0;

    return site_blame(site, "listen.http", rc, err);
}

static int check_tokens(const struct site *site, struct err *err)
{
    token_list tokens = {0};
    int rc = site->tokens ? token_file_read(&tokens, site->tokens, err) : 0;

    token_list_release(&tokens);
    return site_blame(site, "auth.tokens", rc, err);
}

int site_check(const struct site *site, struct text *doubts, struct err *err)
{
    int rc = check_address(site, err);

    if (rc == 0)
        rc = check_file(site, "listen.tls.cert", site->tls_cert, err);
    if (rc == 0)
        rc = check_file(site, "listen.tls.key", site->tls_key, err);
    if (rc == 0)
        rc = check_tokens(site, err);
    if (rc == 0)
        rc = machine_check(site, doubts, err);
    return rc ? ERR_INVALID : 0;
}

void site_print_doubts(const struct text *doubts, const char *prefix)
{
    for (const char *at = doubts->bytes; at && *at; at = strchr(at, '\n') + 1)
        fprintf(stderr, "%s%.*s\n", prefix, (int)strcspn(at, "\n"), at);
}

/* Over a store that is empty and in memory. */
int site_check_policy(const struct site *site, struct err *err)
{
    struct store *store = NULL;
    struct book book = {0};
    struct live live = {0};
    int rc = store_open(&store, &store_memory, "", err);

    if (rc)
        return rc;
    rc = book_open(&book, site, store, err);
    if (rc == 0)
        rc = live_open(&live, &book, site, site->policy, NULL, err);
    site_blame(site, "policy", rc, err);
    live_close(&live);
    book_close(&book);
    store_close(store);
    return rc;
}
