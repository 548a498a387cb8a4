/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over its corpus without a fuzzer. CORPUS names the folder. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "fuzz.h"

static int replay(const char *path)
{
    struct text text;
    struct err err;
    int rc;

    text_init(&text, 0);
    rc = text_read_file(&text, path, &err);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    else
        LLVMFuzzerTestOneInput((const uint8_t *)text.bytes, text.length);
    text_release(&text);
    return rc;
}

int main(void)
{
    DIR *dir = opendir(CORPUS);
    struct dirent *entry;
    int passed = 0, failed = 0;
    char path[4096];

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", CORPUS, entry->d_name);
        if (replay(path))
            failed++;
        else
            passed++;
    }
    if (dir)
        closedir(dir);
    if (passed == 0)
        failed++; /* a corpus that is not there tests nothing */
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
