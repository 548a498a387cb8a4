/* SPDX-License-Identifier: Apache-2.0 */
#include "report/command_line.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "_-+=.,:/@%";

static void add_word(struct text *out, const char *word)
{
    bool is_plain = *word && word[strspn(word, plain)] == '\0';

    if (is_plain) {
        text_add(out, word);
        return;
    }
    text_add_char(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            text_add(out, "'\\''");
        else
            text_add_char(out, *word);
    text_add_char(out, '\'');
}

void command_line_print(const char *command, const char *const *argument, int count,
                        struct text *out)
{
    text_printf(out, "tapfinger %s", command);
    for (int i = 0; i < count; i++) {
        text_add_char(out, ' ');
        add_word(out, argument[i]);
    }
}
