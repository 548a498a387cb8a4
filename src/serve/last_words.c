/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways to go, and who tells of them:
 *
 *     SIGTERM, SIGINT      the loop reads them: who sent it is told, then the daemon closes
 *     other signals        a handler, with nothing but write(2): which one and who sent it, or
 *                          at what address a fault was; then the signal's own action
 *     SIGKILL, power       nobody: but a record in the store that says "runs" was not taken back,
 *                          and the next daemon tells of it
 *
 * A signal that has a handler already (a sanitizer's) keeps it. A file that may not grow further is
 * an error of the write, not the end: SIGXFSZ is ignored.
 */
#include "serve/last_words.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/process.h"
#include "base/memory.h"
#include "base/text.h"
#include "serve/book.h"
#include "store/store.h"

enum { STACK_BYTES = 64 << 10 };

static const int deadly[] = {SIGSEGV, SIGBUS,  SIGFPE,    SIGILL,  SIGABRT, SIGSYS,
                             SIGTRAP, SIGQUIT, SIGUSR1,   SIGUSR2, SIGALRM, SIGVTALRM,
                             SIGPROF, SIGXCPU, SIGSTKFLT, SIGIO,   SIGPWR};

/* A line that is put together without the C library, which a handler may not trust. */
struct line {
    char bytes[200];
    size_t length;
};

static void add(struct line *line, const char *words)
{
    for (; *words && line->length < sizeof line->bytes; words++)
        line->bytes[line->length++] = *words;
}

static void add_number(struct line *line, unsigned long long value, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits - 1;

    digits[at] = 0;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) && at);
    add(line, digits + at);
}

static void say(int signal, siginfo_t *info, void *context)
{
    struct line line = {.length = 0};

    (void)context;
    add(&line, "<2>tapfinger: process ");
    add_number(&line, (unsigned long long)getpid(), 10);
    add(&line, " is killed by signal ");
    add_number(&line, (unsigned long long)signal, 10);
    add(&line, " (SIG");
    add(&line, sigabbrev_np(signal) ? sigabbrev_np(signal) : "?");
    if (info->si_code <= 0) {
        add(&line, "), sent by process ");
        add_number(&line, (unsigned long long)info->si_pid, 10);
        add(&line, " of user ");
        add_number(&line, info->si_uid, 10);
    } else {
        add(&line, ") at address 0x");
        add_number(&line, (unsigned long long)(uintptr_t)info->si_addr, 16);
    }
    add(&line, "; tasks go on\n");
    (void)!write(STDERR_FILENO, line.bytes, line.length);
    raise(signal); /* the handler is spent: this does what the signal does */
}

void last_words_open(struct last_words *words)
{
    struct sigaction action = {.sa_sigaction = say,
                               .sa_flags =
                                   (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK)};

    words->stack = xmalloc(STACK_BYTES);
    sigaltstack(&(stack_t){.ss_sp = words->stack, .ss_size = STACK_BYTES}, NULL);
    for (size_t i = 0; i < COUNT_OF(deadly); i++) {
        struct sigaction before;

        if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN);
}

void last_words_close(struct last_words *words)
{
    if (!words->stack)
        return;
    for (size_t i = 0; i < COUNT_OF(deadly); i++) {
        struct sigaction now;

        if (sigaction(deadly[i], NULL, &now) == 0 && now.sa_sigaction == say)
            signal(deadly[i], SIG_DFL);
    }
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(words->stack);
    words->stack = NULL;
}

void last_words_asked(const struct signalfd_siginfo *info)
{
    char path[64], name[32] = "";
    FILE *file;

    snprintf(path, sizeof path, "/proc/%u/comm", info->ssi_pid);
    file = fopen(path, "re");
    if (file && fgets(name, sizeof name, file))
        name[strcspn(name, "\n")] = 0;
    if (file)
        fclose(file);
    fprintf(stderr, "<6>tapfinger: ends by SIG%s from process %u%s%s%s of user %u; tasks go on\n",
            sigabbrev_np((int)info->ssi_signo), info->ssi_pid, name[0] ? " (" : "", name,
            name[0] ? ")" : "", info->ssi_uid);
}

void last_words_begin(struct book *book)
{
    char boot[BOOT_ID_BYTES], words[160];
    const char *before;
    struct text kept;
    json_t *doc;

    process_boot_id(boot);
    text_init(&kept, 0);
    store_get(book->store, STORE_SETTING, SETTING_PROCESS, &kept, NULL);
    doc = json_loads(kept.bytes, 0, NULL);
    before = json_string_value(json_object_get(doc, "boot"));
    if (before && json_integer_value(json_object_get(doc, "pid")) != getpid()) /* not itself */
        fprintf(stderr, "<5>tapfinger: the daemon before this one (process %lld) %s\n",
                (long long)json_integer_value(json_object_get(doc, "pid")),
                strcmp(before, boot) == 0 ? "ended without a word: it was killed"
                                          : "ended with the machine");
    json_decref(doc);
    text_release(&kept);
    snprintf(words, sizeof words, "{\"pid\":%d,\"boot\":\"%s\"}", (int)getpid(), boot);
    book_save_setting(book, SETTING_PROCESS, words);
}

void last_words_end(struct book *book)
{
    book_save_setting(book, SETTING_PROCESS, "{}");
}
