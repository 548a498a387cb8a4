/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/lines.h"
#include "base/text.h"

enum { LINE_BYTES = 1024, FILE_BYTES = 1 << 20, WORDS = 4 };

void token_release(struct token *token)
{
    free(token->name);
    free(token->user);
}

void token_list_release(token_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        token_release(&list->item[i]);
    vector_release(list);
}

/* Cuts a line at blanks; the count of words, at most WORDS + 1. */
static int cut_words(char *line, char *word[WORDS + 1])
{
    int count = 0;

    for (char *at = line + strspn(line, " \t\r"); *at && count <= WORDS;) {
        word[count++] = at;
        at += strcspn(at, " \t\r");
        if (*at)
            *at++ = 0;
        at += strspn(at, " \t\r");
    }
    return count;
}

static bool is_hash(const char *word)
{
    return strlen(word) == SHA256_HEX_BYTES - 1 &&
           strspn(word, "0123456789abcdef") == SHA256_HEX_BYTES - 1;
}

static bool is_listed(const token_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].name, name) == 0)
            return true;
    return false;
}

static int read_line(token_list *list, struct lines *lines, struct err *err)
{
    struct token token = {.from_file = true};
    char *word[WORDS + 1];
    int count;

    lines->line[strcspn(lines->line, "#")] = 0;
    count = cut_words(lines->line, word);
    if (count == 0)
        return 0;
    if (count != WORDS)
        return lines_error(lines, err, ERR_INVALID,
                           "expected a name, a user, a role and the SHA-256 of the secret");
    if (strlen(word[0]) > TOKEN_NAME_MOST || strlen(word[1]) > TOKEN_USER_MOST)
        return lines_error(lines, err, ERR_INVALID, "expected a name of at most %d characters",
                           strlen(word[0]) > TOKEN_NAME_MOST ? TOKEN_NAME_MOST : TOKEN_USER_MOST);
    if (is_listed(list, word[0]))
        return lines_error(lines, err, ERR_INVALID, "there is a token \"%s\" already", word[0]);
    if (!role_find(word[2], &token.role) || token.role == ROLE_NONE)
        return lines_error(lines, err, ERR_INVALID,
                           "\"%.20s\" is no role; expected read, submit or admin", word[2]);
    if (!is_hash(word[3]))
        return lines_error(lines, err, ERR_INVALID,
                           "expected 64 hexadecimal digits, as of: printf %%s SECRET | sha256sum");
    token.name = xstrdup(word[0]);
    token.user = xstrdup(word[1]);
    snprintf(token.hash, sizeof token.hash, "%s", word[3]);
    vector_push(list, token);
    return 0;
}

int token_file_parse(token_list *list, const char *name, const char *bytes, size_t count,
                     struct err *err)
{
    struct lines lines = {0};
    int rc = lines_open_memory(&lines, name, bytes, count, LINE_BYTES, err);

    if (rc)
        return rc;
    while ((rc = lines_next(&lines, err)) == 1) {
        rc = read_line(list, &lines, err);
        if (rc)
            break;
    }
    lines_close(&lines);
    return rc;
}

int token_file_read(token_list *list, const char *path, struct err *err)
{
    struct text text;
    struct stat info;
    int rc;

    if (stat(path, &info) != 0)
        return err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    if (info.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, ERR_INVALID,
                       "%s: others may write it, and so let themselves in: chmod go-w", path);
    text_init(&text, FILE_BYTES);
    rc = text_read_file(&text, path, err);
    if (rc == 0)
        rc = token_file_parse(list, path, text.bytes, text.length, err);
    text_release(&text);
    return rc;
}
