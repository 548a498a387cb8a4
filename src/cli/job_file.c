/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's file, all keys but "command" optional:
 *
 *     name: hp-sweep
 *     type: resnet50
 *     command: [./train.sh, --fast]     # or one text, for the shell
 *     cwd: /home/ann/hp
 *     env: {LR: 0.1}
 *     request: {cpu: 2, gpu: 1, mem: 4GiB}   # or min: and max:
 *     array: 1-8%2
 *     after: ok:12
 *     priority: -1
 *     reach: [edge-a]
 *     labels: {team: vision}
 *     timeout: 2h
 *     retries: 2
 *     backoff: 10s
 *     deadline: 6h                      # from now, or a time
 */
#include "cli/job_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/text.h"
#include "base/yaml.h"
#include "serve/quantity.h"

static const struct option_spec keys[] = {
    {"name", OPTION_STRING, .help = "what to call it"},
    {"type", OPTION_STRING, .help = "its family"},
    {"command", OPTION_NODE, .help = "a list of words, or one text for the shell"},
    {"cwd", OPTION_STRING, .help = "where it runs"},
    {"env", OPTION_NODE, .help = "its variables"},
    {"request", OPTION_NODE, .help = "exactly what it gets"},
    {"min", OPTION_NODE, .help = "the least that it needs"},
    {"max", OPTION_NODE, .help = "the most that it can use"},
    {"array", OPTION_STRING, .help = "one task per member"},
    {"each", OPTION_NODE, .help = "one task per entry of this list"},
    {"after", OPTION_STRING, .help = "jobs to wait for"},
    {"priority", OPTION_INT, .low = -1000, .high = 1000, .help = "higher ones are served first"},
    {"reach", OPTION_NODE, .help = "clusters where it may run"},
    {"labels", OPTION_NODE, .help = "notes to find it by"},
    {"hold", OPTION_FLAG, .help = "do not start it yet"},
    {"force_queue", OPTION_FLAG, .help = "even if nothing could hold it"},
    {"retries", OPTION_INT, .low = 0, .high = 1000, .help = "if it fails"},
    {"timeout", OPTION_STRING, .help = "a duration"},
    {"grace", OPTION_STRING, .help = "a duration"},
    {"backoff", OPTION_STRING, .help = "a duration"},
    {"begin", OPTION_STRING, .help = "a duration from now, or a time"},
    {"deadline", OPTION_STRING, .help = "a duration from now, or a time"},
    {0},
};

static const struct option_spec amount_keys[] = {
    {"cpu", OPTION_INT, .low = 0, .high = 1e6, .help = "processors"},
    {"gpu", OPTION_INT, .low = 0, .high = 1e6, .help = "GPUs"},
    {"mem", OPTION_STRING, .help = "memory: 4GiB"},
    {0},
};

/* Keys of the file, and of the API. */
static const char *const durations[][2] = {
    {"timeout", "timeout_s"}, {"grace", "grace_s"}, {"backoff", "backoff_s"}};
static const char *const moments[][2] = {{"begin", "not_before"}, {"deadline", "deadline"}};

static bool is_time(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(durations); i++)
        if (strcmp(durations[i][0], key) == 0)
            return true;
    for (size_t i = 0; i < COUNT_OF(moments); i++)
        if (strcmp(moments[i][0], key) == 0)
            return true;
    return false;
}

static int read_file(const char *path, struct text *out, struct err *err)
{
    return text_read_file(out, strcmp(path, "-") == 0 ? "/dev/stdin" : path, err);
}

/* What a reader of quantities said, with its place. */
static int at_node(const struct yaml_node *node, const char *key, struct err *err)
{
    struct err own = *err;

    return yaml_error(node, err, "%s: %s", key, own.message);
}

static int read_words(const struct yaml_node *node, const char *what, json_t **out, struct err *err)
{
    int rc = yaml_need_kind(node, YAML_LIST, what, err);

    *out = json_array();
    for (int i = 0; rc == 0 && i < node->items; i++) {
        const char *word;

        rc = yaml_string(node->item[i], what, &word, err);
        if (rc == 0)
            json_array_append_new(*out, json_string(word));
    }
    return rc;
}

/* One text is for the shell. */
static int read_command(const struct yaml_node *node, const char *what, json_t **out,
                        struct err *err)
{
    if (node->kind != YAML_SCALAR)
        return read_words(node, what, out, err);
    *out = json_pack("[s,s,s]", "sh", "-c", node->text);
    return 0;
}

static int read_texts(const struct yaml_node *node, const char *what, json_t **out, struct err *err)
{
    int rc = yaml_need_kind(node, YAML_MAP, what, err);

    *out = json_object();
    for (int i = 0; rc == 0 && i < node->items; i++) {
        rc = yaml_need_kind(node->item[i], YAML_SCALAR, node->key[i], err);
        if (rc == 0)
            json_object_set_new(*out, node->key[i], json_string(node->item[i]->text));
    }
    return rc;
}

static int read_amount(const struct yaml_node *node, const char *what, json_t **out,
                       struct err *err)
{
    struct params params;
    int64_t bytes;
    int rc;

    *out = json_object();
    params_init(&params, amount_keys);
    rc = yaml_read_map(node, what, &params, err);
    if (rc == 0 && params_given(&params, "cpu"))
        json_object_set_new(*out, "cpu", json_integer(params_int(&params, "cpu")));
    if (rc == 0 && params_given(&params, "gpu"))
        json_object_set_new(*out, "gpu", json_integer(params_int(&params, "gpu")));
    if (rc == 0 && params_given(&params, "mem")) {
        if (quantity_bytes(params_string(&params, "mem"), &bytes, err))
            rc = at_node(node, what, err);
        else
            json_object_set_new(*out, "mem_bytes", json_integer(bytes));
    }
    params_release(&params);
    return rc;
}

static const struct node_key {
    const char *name;
    int (*read)(const struct yaml_node *node, const char *what, json_t **out, struct err *err);
} node_keys[] = {
    {"command", read_command}, {"env", read_texts},    {"request", read_amount},
    {"min", read_amount},      {"max", read_amount},   {"each", read_words},
    {"reach", read_words},     {"labels", read_texts},
};

static int add_nodes(const struct yaml_node *root, json_t *doc, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(node_keys); i++) {
        const struct yaml_node *node = yaml_find(root, node_keys[i].name);
        json_t *value = NULL;
        int rc;

        if (!node)
            continue;
        rc = node_keys[i].read(node, node_keys[i].name, &value, err);
        if (rc) {
            json_decref(value);
            return rc;
        }
        json_object_set_new(doc, node_keys[i].name, value);
    }
    return 0;
}

static int add_durations(const struct yaml_node *root, const struct params *params, json_t *doc,
                         struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        const char *words = params_string(params, durations[i][0]);
        double seconds;

        if (!words)
            continue;
        if (quantity_duration(words, &seconds, err))
            return at_node(yaml_find(root, durations[i][0]), durations[i][0], err);
        json_object_set_new(doc, durations[i][1], json_real(seconds));
    }
    return 0;
}

/* A duration from now on, or a time. */
static int add_moments(const struct yaml_node *root, const struct params *params, json_t *doc,
                       struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        const char *words = params_string(params, moments[i][0]);
        int64_t at_us;

        if (!words)
            continue;
        if (quantity_moment(words, &at_us, err))
            return at_node(yaml_find(root, moments[i][0]), moments[i][0], err);
        json_object_set_new(doc, moments[i][1], quantity_time_json(at_us));
    }
    return 0;
}

static void add_plain(const struct params *params, json_t *doc)
{
    for (const struct option_spec *row = keys; row->name; row++) {
        if (!params_given(params, row->name) || row->type == OPTION_NODE || is_time(row->name))
            continue;
        if (row->type == OPTION_INT)
            json_object_set_new(doc, row->name, json_integer(params_int(params, row->name)));
        else if (row->type == OPTION_FLAG)
            json_object_set_new(doc, row->name, json_boolean(params_flag(params, row->name)));
        else
            json_object_set_new(doc, row->name, json_string(params_string(params, row->name)));
    }
}

static int read_root(const struct yaml_node *root, json_t *doc, struct err *err)
{
    struct params params;
    int rc;

    params_init(&params, keys);
    rc = yaml_read_map(root, NULL, &params, err);
    if (rc == 0)
        add_plain(&params, doc);
    if (rc == 0)
        rc = add_durations(root, &params, doc, err);
    if (rc == 0)
        rc = add_moments(root, &params, doc, err);
    params_release(&params);
    return rc ? rc : add_nodes(root, doc, err);
}

int job_file_read(const char *path, json_t *doc, struct err *err)
{
    struct yaml_document document;
    struct text text;
    int rc;

    text_init(&text, YAML_FILE_BYTES);
    rc = read_file(path, &text, err);
    if (rc == 0)
        rc = yaml_parse(&document, path, text.bytes, text.length, err);
    text_release(&text);
    if (rc)
        return rc;
    rc = document.root ? read_root(document.root, doc, err)
                       : err_set(err, ERR_INVALID, "%s: empty", path);
    yaml_close(&document);
    return rc;
}

int job_file_lines(const char *path, json_t **out, struct err *err)
{
    struct text text;
    int rc;

    *out = json_array();
    text_init(&text, 0);
    rc = read_file(path, &text, err);
    for (const char *at = text.bytes; rc == 0 && *at;) {
        size_t length = strcspn(at, "\n");

        if (json_array_append_new(*out, json_stringn(at, length)) != 0)
            rc = err_set(err, ERR_INVALID, "%s: line %zu is not UTF-8", path,
                         json_array_size(*out) + 1);
        at += length + (at[length] == '\n');
    }
    text_release(&text);
    return rc;
}

int job_file_values(const char *path, json_t **out, struct err *err)
{
    json_error_t trouble;
    struct text text;
    json_t *list = NULL, *value;
    size_t at;
    int rc;

    *out = json_array();
    text_init(&text, 0);
    rc = read_file(path, &text, err);
    if (rc == 0)
        list = json_loadb(text.bytes, text.length, 0, &trouble);
    if (rc == 0 && !list)
        rc = err_set(err, ERR_INVALID, "%s:%d: %s", path, trouble.line, trouble.text);
    else if (rc == 0 && !json_is_array(list))
        rc = err_set(err, ERR_INVALID, "%s: expected a list", path);
    json_array_foreach (list, at, value) {
        char *words = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(16));

        json_array_append_new(*out, json_string(words));
        free(words);
    }
    json_decref(list);
    text_release(&text);
    return rc;
}
