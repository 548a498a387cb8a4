/* SPDX-License-Identifier: Apache-2.0 */
/* One conformance suite over all engines, then what only a file can suffer. */
#include "harness.h"
#include "temp_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "store/store.h"

struct fixture {
    struct temp_folder folder;
    char *path;
    const struct store_ops *ops;
    struct store *store;
    struct err err;
};

static void fixture_open(struct fixture *f, const struct store_ops *ops)
{
    *f = (struct fixture){.ops = ops};
    temp_folder_open(&f->folder);
    f->path = temp_path(&f->folder, "state.db");
    assert_int_equal(store_open(&f->store, ops, f->path, &f->err), 0);
}

static void fixture_close(struct fixture *f)
{
    store_close(f->store);
    temp_folder_close(&f->folder);
    free(f->path);
}

static void commit(struct fixture *f)
{
    if (store_commit(f->store, &f->err))
        fail_msg("%s", f->err.message);
}

static void expect(struct fixture *f, enum store_table table, int64_t id, const char *wanted)
{
    struct text text;
    int rc;

    text_init(&text, 0);
    rc = store_get(f->store, table, id, &text, &f->err);
    assert_int_equal(rc, wanted ? 1 : 0);
    assert_string_equal(text.bytes, wanted ? wanted : "");
    text_release(&text);
}

static bool list_record(void *arg, int64_t id, const char *doc)
{
    text_printf(arg, "%lld=%s ", (long long)id, doc);
    return true;
}

static bool list_event(void *arg, const struct store_event *event)
{
    text_printf(arg, "%lld:%s/%lld=%s ", (long long)event->seq, event->kind, (long long)event->job,
                event->doc);
    return true;
}

static void expect_records(struct fixture *f, enum store_table table, const char *wanted)
{
    struct text text;

    text_init(&text, 0);
    assert_int_equal(store_each(f->store, table, list_record, &text, &f->err), 0);
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static void expect_events(struct fixture *f, struct store_query query, const char *wanted)
{
    struct text text;

    text_init(&text, 0);
    assert_int_equal(store_events(f->store, &query, list_event, &text, &f->err), 0);
    assert_string_equal(text.bytes, wanted);
    text_release(&text);
}

static void records(const struct store_ops *ops)
{
    struct fixture f;

    fixture_open(&f, ops);
    assert_false(store_is_dirty(f.store));
    expect(&f, STORE_JOB, 1, NULL);
    store_put(f.store, STORE_JOB, 2, "two");
    store_put(f.store, STORE_JOB, 1, "one");
    store_put(f.store, STORE_TASK, 1, "task");
    assert_true(store_is_dirty(f.store));
    expect(&f, STORE_JOB, 1, "one"); /* pending writes are seen */
    expect_records(&f, STORE_JOB, "");
    commit(&f);
    assert_false(store_is_dirty(f.store));
    store_put(f.store, STORE_JOB, 2, "deux");
    store_erase(f.store, STORE_JOB, 1);
    store_erase(f.store, STORE_JOB, 99);
    expect(&f, STORE_JOB, 1, NULL);
    expect(&f, STORE_JOB, 2, "deux");
    store_put(f.store, STORE_JOB, INT64_MAX, "last");
    store_put(f.store, STORE_JOB, 7, "{\"text\":\"\xc3\xa4'\\\"\"}");
    commit(&f);
    expect(&f, STORE_JOB, 1, NULL);
    expect(&f, STORE_TASK, 1, "task");
    expect_records(&f, STORE_JOB,
                   "2=deux 7={\"text\":\"\xc3\xa4'\\\"\"} 9223372036854775807=last ");
    fixture_close(&f);
}

static void events(const struct store_ops *ops)
{
    struct fixture f;
    int64_t first;

    fixture_open(&f, ops);
    assert_int_equal(store_last_seq(f.store), 0);
    assert_int_equal(store_append(f.store, 10, "job", 5, "a"), 1);
    assert_int_equal(store_append(f.store, 20, "decision", 6, "b"), 2);
    commit(&f);
    assert_int_equal(store_append(f.store, 30, "job", 5, "c"), 3);
    assert_int_equal(store_append(f.store, 40, "cluster", 0, "d"), 4);
    commit(&f);
    expect_events(&f, (struct store_query){0}, "1:job/5=a 2:decision/6=b 3:job/5=c 4:cluster/0=d ");
    expect_events(&f, (struct store_query){.after = 2}, "3:job/5=c 4:cluster/0=d ");
    expect_events(&f, (struct store_query){.job = 5}, "1:job/5=a 3:job/5=c ");
    expect_events(&f, (struct store_query){.kind = "decision"}, "2:decision/6=b ");
    expect_events(&f, (struct store_query){.newest = true, .limit = 2}, "4:cluster/0=d 3:job/5=c ");
    store_trim(f.store, 35);
    commit(&f);
    expect_events(&f, (struct store_query){0}, "4:cluster/0=d ");
    assert_int_equal(store_first_seq(f.store, &first, &f.err), 0);
    assert_int_equal(first, 4);
    fixture_close(&f);
}

/* Many records in one transaction, in a random order, against a plain array. */
static void many(const struct store_ops *ops)
{
    enum { IDS = 300, ROUNDS = 20, WRITES = 500 };
    static char model[IDS][24];
    struct fixture f;
    struct rng rng;

    memset(model, 0, sizeof model);
    rng_stream(&rng, 7, "store");
    fixture_open(&f, ops);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WRITES; i++) {
            int id = (int)rng_below(&rng, IDS);

            if (rng_below(&rng, 4) == 0) {
                store_erase(f.store, STORE_TASK, id);
                model[id][0] = 0;
            } else {
                snprintf(model[id], sizeof model[id], "%u", rng_below(&rng, 1u << 30));
                store_put(f.store, STORE_TASK, id, model[id]);
            }
            id = (int)rng_below(&rng, IDS);
            expect(&f, STORE_TASK, id, model[id][0] ? model[id] : NULL);
        }
        commit(&f);
        for (int id = 0; id < IDS; id++)
            expect(&f, STORE_TASK, id, model[id][0] ? model[id] : NULL);
    }
    fixture_close(&f);
}

static void engines_keep_records(void **state)
{
    (void)state;
    for (int i = 0; store_engines[i]; i++)
        records(store_engines[i]);
}

static void engines_keep_events(void **state)
{
    (void)state;
    for (int i = 0; store_engines[i]; i++)
        events(store_engines[i]);
}

static void engines_keep_many(void **state)
{
    (void)state;
    for (int i = 0; store_engines[i]; i++)
        many(store_engines[i]);
}

static void reopen(struct fixture *f)
{
    store_close(f->store);
    if (store_open(&f->store, f->ops, f->path, &f->err))
        fail_msg("%s", f->err.message);
}

static void what_was_committed_outlives_the_process(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, &store_sqlite);
    store_put(f.store, STORE_TYPE, 3, "three");
    store_append(f.store, 1, "job", 1, "x");
    store_append(f.store, 2, "job", 1, "y");
    commit(&f);
    store_trim(f.store, 10); /* even then no sequence number comes back */
    commit(&f);
    store_put(f.store, STORE_TYPE, 3, "lost");
    reopen(&f);
    expect(&f, STORE_TYPE, 3, "three");
    assert_int_equal(store_append(f.store, 3, "job", 1, "z"), 3);
    fixture_close(&f);
}

/* A writer that says which number it has committed last, killed at some moment. */
_Noreturn static void write_until_killed(const char *path, int report)
{
    struct store *store;
    struct err err;

    if (store_open(&store, &store_sqlite, path, &err))
        _exit(1);
    for (int64_t n = store_last_seq(store) + 1;; n++) {
        char doc[32];

        snprintf(doc, sizeof doc, "%lld", (long long)n);
        store_put(store, STORE_JOB, n, doc);
        store_put(store, STORE_SETTING, 1, doc);
        store_append(store, n, "job", n, doc);
        if (n % 3 == 0 && store_commit(store, &err) == 0 && write(report, &n, sizeof n) != sizeof n)
            _exit(1);
    }
}

static int64_t kill_a_writer(const char *path, int after_us)
{
    int64_t acknowledged = 0, n;
    int report[2], status;
    pid_t child;

    assert_int_equal(pipe(report), 0);
    child = fork();
    if (child == 0)
        write_until_killed(path, report[1]);
    close(report[1]);
    if (read(report[0], &n, sizeof n) == sizeof n)
        acknowledged = n;
    nanosleep(&(struct timespec){.tv_nsec = after_us * 1000L}, NULL);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    while (read(report[0], &n, sizeof n) == sizeof n)
        acknowledged = n;
    close(report[0]);
    return acknowledged;
}

static void nothing_acknowledged_is_lost_to_sigkill(void **state)
{
    struct temp_folder folder;
    struct rng rng;
    char *path;
    int64_t most = 0;

    (void)state;
    temp_folder_open(&folder);
    path = temp_path(&folder, "state.db");
    rng_stream(&rng, 11, "kill");
    for (int round = 0; round < 25; round++) {
        int64_t acknowledged = kill_a_writer(path, (int)rng_below(&rng, 30000));
        struct store *store;
        struct err err;
        struct text text;

        if (store_open(&store, &store_sqlite, path, &err))
            fail_msg("%s", err.message);
        assert_true(acknowledged > most);
        most = store_last_seq(store);
        assert_true(most >= acknowledged);
        assert_int_equal(most % 3, 0); /* transactions are whole */
        text_init(&text, 0);
        for (int64_t n = most; n > 0 && n > most - 50; n--)
            assert_int_equal(store_get(store, STORE_JOB, n, &text, &err), 1);
        text_reset(&text);
        assert_int_equal(store_get(store, STORE_SETTING, 1, &text, &err), 1);
        assert_int_equal(strtoll(text.bytes, NULL, 10), most);
        text_release(&text);
        store_close(store);
    }
    free(path);
    temp_folder_close(&folder);
}

/* A limit on the size of files stands for a full disk. */
static void a_full_disk_keeps_writes_pending(void **state)
{
    static char large[200000];
    struct rlimit limit = {.rlim_cur = 40000}, before;
    struct fixture f;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    fixture_open(&f, &store_sqlite);
    store_put(f.store, STORE_JOB, 1, "small");
    commit(&f);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    store_put(f.store, STORE_JOB, 2, large);
    store_append(f.store, 1, "job", 2, "e");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_commit(f.store, &f.err), ERR_IO);
        assert_true(store_is_dirty(f.store));
    }
    expect(&f, STORE_JOB, 2, large);
    expect_records(&f, STORE_JOB, "1=small ");
    setrlimit(RLIMIT_FSIZE, &before);
    commit(&f);
    reopen(&f);
    expect(&f, STORE_JOB, 2, large);
    expect_events(&f, (struct store_query){0}, "1:job/2=e ");
    fixture_close(&f);
}

static void damage(const char *path)
{
    int file = open(path, O_WRONLY);

    for (off_t at = 100; at < 20000; at += 64)
        assert_int_equal(pwrite(file, "damage damage", 13, at), 13);
    close(file);
}

static void a_damaged_file_is_refused_and_the_backup_offered(void **state)
{
    struct fixture f;
    struct store *store;
    char *backup;

    (void)state;
    fixture_open(&f, &store_sqlite);
    for (int i = 0; i < 500; i++)
        store_put(f.store, STORE_JOB, i, "some text that fills pages");
    commit(&f);
    store_close(f.store);
    f.store = NULL;
    damage(f.path);
    assert_int_equal(store_open(&store, &store_sqlite, f.path, &f.err), ERR_CORRUPT);
    assert_null(store);
    assert_non_null(strstr(f.err.message, "no sound backup"));

    backup = temp_path(&f.folder, "state.db.backup");
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(store_open(&f.store, &store_sqlite, f.path, &f.err), 0);
    store_put(f.store, STORE_JOB, 1, "kept");
    for (int i = 2; i < 500; i++)
        store_put(f.store, STORE_JOB, i, "some text that fills pages");
    commit(&f);
    if (store_backup(f.store, backup, &f.err))
        fail_msg("%s", f.err.message);
    store_close(f.store);
    f.store = NULL;
    damage(f.path);
    assert_int_equal(store_open(&store, &store_sqlite, f.path, &f.err), ERR_CORRUPT);
    assert_non_null(strstr(f.err.message, "is sound"));
    assert_int_equal(rename(backup, f.path), 0);
    assert_int_equal(store_open(&f.store, &store_sqlite, f.path, &f.err), 0);
    expect(&f, STORE_JOB, 1, "kept");
    free(backup);
    fixture_close(&f);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void schemas_are_brought_up_to_date(void **state)
{
    struct fixture f;
    struct store *store;

    (void)state;
    fixture_open(&f, &store_sqlite);
    store_put(f.store, STORE_JOB, 1, "old");
    store_append(f.store, 1, "decision", 1, "e");
    commit(&f);
    store_close(f.store);
    f.store = NULL;
    run_sql(f.path, "DROP INDEX event_of_job; DROP INDEX event_of_kind; DROP TABLE session;"
                    "PRAGMA user_version=1");
    assert_int_equal(store_open(&f.store, &store_sqlite, f.path, &f.err), 0);
    expect(&f, STORE_JOB, 1, "old");
    expect_events(&f, (struct store_query){.kind = "decision"}, "1:decision/1=e ");
    store_close(f.store);
    f.store = NULL;
    run_sql(f.path, "PRAGMA user_version=900");
    assert_int_equal(store_open(&store, &store_sqlite, f.path, &f.err), ERR_UNSUPPORTED);
    assert_non_null(strstr(f.err.message, "newer"));
    fixture_close(&f);
}

static void a_file_has_one_daemon(void **state)
{
    struct fixture f;
    int status;
    pid_t child;

    (void)state;
    fixture_open(&f, &store_sqlite);
    child = fork();
    if (child == 0) {
        struct store *other;
        struct err err;

        _exit(store_open(&other, &store_sqlite, f.path, &err) == ERR_IO &&
                      strstr(err.message, "in use")
                  ? 0
                  : 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    fixture_close(&f);
}

static void a_file_that_cannot_be_written_is_refused(void **state)
{
    struct fixture f;
    int status;
    pid_t child;

    (void)state;
    fixture_open(&f, &store_sqlite);
    store_put(f.store, STORE_JOB, 1, "x");
    commit(&f);
    store_close(f.store);
    f.store = NULL;
    chmod(f.path, 0444);
    chmod(f.folder.path, 0555);
    child = fork();
    if (child == 0) {
        struct store *store;
        struct err err;

        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        _exit(store_open(&store, &store_sqlite, f.path, &err) < 0 && !store ? 0 : 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    chmod(f.folder.path, 0755);
    assert_true(store_open(&f.store, &store_sqlite, "/nowhere/at/all/state.db", &f.err) < 0);
    assert_null(f.store);
    fixture_close(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engines_keep_records),
    cmocka_unit_test(engines_keep_events),
    cmocka_unit_test(engines_keep_many),
    cmocka_unit_test(what_was_committed_outlives_the_process),
    cmocka_unit_test(nothing_acknowledged_is_lost_to_sigkill),
    cmocka_unit_test(a_full_disk_keeps_writes_pending),
    cmocka_unit_test(a_damaged_file_is_refused_and_the_backup_offered),
    cmocka_unit_test(schemas_are_brought_up_to_date),
    cmocka_unit_test(a_file_has_one_daemon),
    cmocka_unit_test(a_file_that_cannot_be_written_is_refused),
};

RUN_TESTS(tests)
