/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as an SQLite file in WAL mode with synchronous=FULL: a commit is one transaction and
 * one fdatasync, however many writes it carries. The file is locked for as long as it is open, so
 * two daemons cannot share it.
 *
 *     record tables   id INTEGER PRIMARY KEY, doc TEXT (JSON)
 *     event           seq INTEGER PRIMARY KEY AUTOINCREMENT, at_us, job, kind, doc
 *
 * Schema changes are a list of scripts; PRAGMA user_version counts those that were run, each in a
 * transaction of its own. Opening checks the whole file. AUTOINCREMENT keeps sequence numbers from
 * being used again after old events were trimmed.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/engine.h"

enum statement_kind { PUT, ERASE, GET, EACH, STATEMENTS };

struct sqlite {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statement[STORE_TABLES][STATEMENTS];
    sqlite3_stmt *append, *trim, *begin, *commit;
};

/* One string per version; never change one that was released. */
static const char *const migration[] = {
    "CREATE TABLE setting(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE job(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE task(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE type(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE cluster(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE token(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE idempotency(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL,"
    " job INTEGER NOT NULL, kind TEXT NOT NULL, doc TEXT NOT NULL);",

    ("CREATE INDEX event_of_job ON event(job, seq) WHERE job > 0;"
     "CREATE INDEX event_of_kind ON event(kind, seq) WHERE kind = 'decision';"),

    "CREATE TABLE session(id INTEGER PRIMARY KEY, doc TEXT NOT NULL);",
};

static int fail(const struct sqlite *s, struct err *err, const char *doing)
{
    int code = sqlite3_errcode(s->db) & 0xFF;
    enum err_code kind = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_CORRUPT : ERR_IO;

    if (code == SQLITE_BUSY)
        return err_set(err, ERR_IO, "%s: in use by another tapfinger", s->path);
    return err_set(err, kind, "%s: cannot %s: %s", s->path, doing, sqlite3_errmsg(s->db));
}

static int execute(struct sqlite *s, const char *sql, struct err *err, const char *doing)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, err, doing);
}

static int keep_text(void *arg, int columns, char **value, char **name)
{
    (void)name;
    if (columns > 0 && value[0] && !text_is_cut(arg)) {
        text_add(arg, value[0]);
        text_add_char(arg, '\n');
    }
    return 0;
}

/* The first column of all rows, a line each. */
static int query_text(struct sqlite *s, const char *sql, struct text *out, struct err *err)
{
    text_reset(out);
    if (sqlite3_exec(s->db, sql, keep_text, out, NULL) != SQLITE_OK)
        return fail(s, err, "read");
    return 0;
}

static int check_file(struct sqlite *s, struct err *err)
{
    struct text out;
    int rc;

    text_init(&out, 400);
    rc = query_text(s, "PRAGMA quick_check(3)", &out, err);
    if (rc == 0 && strcmp(out.bytes, "ok\n") != 0)
        rc = err_set(err, ERR_CORRUPT, "%s: damaged: %s", s->path, out.bytes);
    text_release(&out);
    return rc;
}

static int migrate(struct sqlite *s, struct err *err)
{
    int known = (int)COUNT_OF(migration), version, rc;
    struct text out;

    text_init(&out, 0);
    rc = query_text(s, "PRAGMA user_version", &out, err);
    version = (int)strtol(out.bytes, NULL, 10);
    if (rc == 0 && version > known)
        rc = err_set(err, ERR_UNSUPPORTED,
                     "%s: written by a newer tapfinger (schema %d, this one knows %d)", s->path,
                     version, known);
    for (; rc == 0 && version < known; version++) {
        text_reset(&out);
        text_printf(&out, "BEGIN;%s PRAGMA user_version=%d; COMMIT", migration[version],
                    version + 1);
        rc = execute(s, out.bytes, err, "change the schema");
    }
    text_release(&out);
    return rc;
}

/* Prepares "before table after". */
static int prepare(struct sqlite *s, sqlite3_stmt **out, struct err *err, const char *before,
                   const char *table, const char *after)
{
    char sql[200];

    snprintf(sql, sizeof sql, "%s %s %s", before, table, after);
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
        return fail(s, err, "prepare a statement");
    return 0;
}

static int prepare_all(struct sqlite *s, struct err *err)
{
    static const char *const sql[STATEMENTS][2] = {
        [PUT] = {"INSERT INTO",
                 "(id, doc) VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET doc=excluded.doc"},
        [ERASE] = {"DELETE FROM", "WHERE id=?"},
        [GET] = {"SELECT doc FROM", "WHERE id=?"},
        [EACH] = {"SELECT id, doc FROM", "ORDER BY id"},
    };
    int rc = 0;

    for (int table = 0; table < STORE_TABLES; table++)
        for (int kind = 0; kind < STATEMENTS && rc == 0; kind++)
            rc = prepare(s, &s->statement[table][kind], err, sql[kind][0],
                         store_table_name((enum store_table)table), sql[kind][1]);
    if (rc == 0)
        rc = prepare(s, &s->append, err, "INSERT INTO", "event",
                     "(seq, at_us, job, kind, doc) VALUES(?, ?, ?, ?, ?)");
    if (rc == 0)
        rc = prepare(s, &s->trim, err, "DELETE FROM", "event", "WHERE at_us<?");
    if (rc == 0)
        rc = prepare(s, &s->begin, err, "BEGIN IMMEDIATE", "", "");
    if (rc == 0)
        rc = prepare(s, &s->commit, err, "COMMIT", "", "");
    return rc;
}

static void sqlite_close(void *state)
{
    struct sqlite *s = state;

    for (int table = 0; table < STORE_TABLES; table++)
        for (int kind = 0; kind < STATEMENTS; kind++)
            sqlite3_finalize(s->statement[table][kind]);
    sqlite3_finalize(s->append);
    sqlite3_finalize(s->trim);
    sqlite3_finalize(s->begin);
    sqlite3_finalize(s->commit);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

/* Whether a file is there and passes the checks, without touching it. */
static bool is_sound(const char *path)
{
    struct sqlite copy = {.path = xstrdup(path)};
    bool sound = sqlite3_open_v2(path, &copy.db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
                 check_file(&copy, NULL) == 0;

    sqlite3_close(copy.db);
    free(copy.path);
    return sound;
}

static void offer_backup(const char *path, struct err *err)
{
    struct text backup;
    struct err damage = *err;

    text_init(&backup, 0);
    text_printf(&backup, "%s.backup", path);
    if (is_sound(backup.bytes))
        err_set(err, ERR_CORRUPT,
                "%s; the copy %s is sound: to continue from it, move %s and its -wal and -shm away "
                "and rename the copy",
                damage.message, backup.bytes, path);
    else
        err_set(err, ERR_CORRUPT, "%s; there is no sound backup beside it (%s)", damage.message,
                backup.bytes);
    text_release(&backup);
}

static int read_last_seq(struct sqlite *s, int64_t *out, struct err *err)
{
    struct text text;
    int rc;

    text_init(&text, 0);
    rc = query_text(s, "SELECT seq FROM sqlite_sequence WHERE name='event'", &text, err);
    *out = strtoll(text.bytes, NULL, 10);
    text_release(&text);
    return rc;
}

static int open_checked(struct sqlite *s, int64_t *last_seq, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc;

    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
        return fail(s, err, "open");
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return err_set(err, ERR_IO, "%s: read-only; the daemon must be able to write it", s->path);
    rc = execute(s,
                 "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; "
                 "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                 "PRAGMA wal_autocheckpoint=4000; BEGIN EXCLUSIVE; COMMIT",
                 err, "lock");
    if (rc == 0)
        rc = check_file(s, err);
    if (rc == 0)
        rc = migrate(s, err);
    if (rc == 0)
        rc = prepare_all(s, err);
    if (rc == 0)
        rc = read_last_seq(s, last_seq, err);
    return rc;
}

static int sqlite_open(void **out, const char *path, int64_t *last_seq, struct err *err)
{
    struct sqlite *s = xcalloc(1, sizeof *s);
    struct err own = {0};
    int rc;

    s->path = xstrdup(path);
    rc = open_checked(s, last_seq, &own);
    if (rc == ERR_CORRUPT)
        offer_backup(path, &own);
    if (rc) {
        sqlite_close(s);
        return err_set(err, own.code, "%s", own.message);
    }
    chmod(path, 0600);
    *out = s;
    return 0;
}

static int run(struct sqlite *s, sqlite3_stmt *statement, struct err *err)
{
    int code = sqlite3_step(statement);

    if (code != SQLITE_DONE && code != SQLITE_ROW)
        fail(s, err, "write");
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : ERR_IO;
}

static int write_one(struct sqlite *s, const struct store_write *write, struct err *err)
{
    sqlite3_stmt *statement;

    switch (write->kind) {
    case WRITE_PUT:
        statement = s->statement[write->table][PUT];
        sqlite3_bind_int64(statement, 1, write->id);
        sqlite3_bind_text(statement, 2, write->doc, -1, SQLITE_STATIC);
        break;
    case WRITE_ERASE:
        statement = s->statement[write->table][ERASE];
        sqlite3_bind_int64(statement, 1, write->id);
        break;
    case WRITE_APPEND:
        statement = s->append;
        sqlite3_bind_int64(statement, 1, write->id);
        sqlite3_bind_int64(statement, 2, write->at_us);
        sqlite3_bind_int64(statement, 3, write->job);
        sqlite3_bind_text(statement, 4, write->event, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 5, write->doc, -1, SQLITE_STATIC);
        break;
    default:
        statement = s->trim;
        sqlite3_bind_int64(statement, 1, write->at_us);
        break;
    }
    return run(s, statement, err);
}

static int sqlite_write(void *state, const struct store_write *write, size_t count, struct err *err)
{
    struct sqlite *s = state;
    int rc = run(s, s->begin, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = write_one(s, &write[i], err);
    if (rc == 0)
        rc = run(s, s->commit, err);
    /* Some failures have rolled back already; then this one only says so. */
    if (rc && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static int sqlite_get(void *state, enum store_table table, int64_t id, struct text *out,
                      struct err *err)
{
    struct sqlite *s = state;
    sqlite3_stmt *statement = s->statement[table][GET];
    int code, rc = 0;

    sqlite3_bind_int64(statement, 1, id);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        text_add(out, (const char *)sqlite3_column_text(statement, 0));
        rc = 1;
    } else if (code != SQLITE_DONE) {
        rc = fail(s, err, "read");
    }
    sqlite3_reset(statement);
    return rc;
}

static int sqlite_each(void *state, enum store_table table, store_record_fn *fn, void *arg,
                       struct err *err)
{
    struct sqlite *s = state;
    sqlite3_stmt *statement = s->statement[table][EACH];
    int code, rc = 0;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (!fn(arg, sqlite3_column_int64(statement, 0),
                (const char *)sqlite3_column_text(statement, 1)))
            break;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        rc = fail(s, err, "read");
    sqlite3_reset(statement);
    return rc;
}

static int prepare_query(struct sqlite *s, const struct store_query *query, sqlite3_stmt **out,
                         struct err *err)
{
    struct text sql;
    int at = 1, code;

    text_init(&sql, 0);
    text_printf(&sql,
                "SELECT seq, at_us, job, kind, doc FROM event WHERE seq>?%s%s%s ORDER BY "
                "seq%s LIMIT ?",
                query->job ? " AND job=? AND job>0" : "", query->kind ? " AND kind=?" : "",
                query->kind && strcmp(query->kind, "decision") == 0 ? " AND kind='decision'" : "",
                query->newest ? " DESC" : "");
    code = sqlite3_prepare_v2(s->db, sql.bytes, -1, out, NULL);
    text_release(&sql);
    if (code != SQLITE_OK)
        return fail(s, err, "read");
    sqlite3_bind_int64(*out, at++, query->after);
    if (query->job)
        sqlite3_bind_int64(*out, at++, query->job);
    if (query->kind)
        sqlite3_bind_text(*out, at++, query->kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(*out, at, query->limit ? query->limit : -1);
    return 0;
}

static int sqlite_events(void *state, const struct store_query *query, store_event_fn *fn,
                         void *arg, struct err *err)
{
    struct sqlite *s = state;
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_DONE, rc = prepare_query(s, query, &statement, err);

    while (rc == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct store_event event = {.seq = sqlite3_column_int64(statement, 0),
                                    .at_us = sqlite3_column_int64(statement, 1),
                                    .job = sqlite3_column_int64(statement, 2),
                                    .kind = (const char *)sqlite3_column_text(statement, 3),
                                    .doc = (const char *)sqlite3_column_text(statement, 4)};

        if (!fn(arg, &event))
            break;
    }
    if (rc == 0 && code != SQLITE_ROW && code != SQLITE_DONE)
        rc = fail(s, err, "read");
    sqlite3_finalize(statement);
    return rc;
}

static int copy_into(struct sqlite *s, const char *path, struct err *err)
{
    sqlite3 *target = NULL;
    sqlite3_backup *backup = NULL;
    int code = sqlite3_open(path, &target);

    if (code == SQLITE_OK)
        backup = sqlite3_backup_init(target, "main", s->db, "main");
    if (backup) {
        sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
    }
    if (code != SQLITE_OK || !backup)
        err_set(err, ERR_IO, "%s: cannot write the backup: %s", path, sqlite3_errmsg(target));
    sqlite3_close(target);
    return code == SQLITE_OK && backup ? 0 : ERR_IO;
}

static int sqlite_backup(void *state, const char *path, struct err *err)
{
    struct text beside;
    int rc;

    text_init(&beside, 0);
    text_printf(&beside, "%s.part", path);
    unlink(beside.bytes);
    rc = copy_into(state, beside.bytes, err);
    if (rc == 0 && (chmod(beside.bytes, 0600) || rename(beside.bytes, path)))
        rc = err_set(err, ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    if (rc)
        unlink(beside.bytes);
    text_release(&beside);
    return rc;
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .summary = "an SQLite file with a write-ahead log",
    .open = sqlite_open,
    .write = sqlite_write,
    .get = sqlite_get,
    .each = sqlite_each,
    .events = sqlite_events,
    .backup = sqlite_backup,
    .close = sqlite_close,
};
