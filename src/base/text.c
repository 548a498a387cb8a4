/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"

void text_init(struct text *text, size_t cap_bytes)
{
    *text = (struct text){.cap = cap_bytes};
    text->bytes = xcalloc(1, 1);
    text->capacity = 1;
}

void text_release(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void text_reset(struct text *text)
{
    text->length = 0;
    text->bytes[0] = '\0';
    text->cut = false;
}

bool text_is_cut(const struct text *text)
{
    return text->cut;
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes;

    *text = (struct text){0};
    return bytes;
}

/* Makes room for count more bytes and the NUL; false when the cap forbids it. */
static bool make_room(struct text *text, size_t count)
{
    size_t wanted = text->length + count + 1;

    if (text->cut || (text->cap && text->length + count > text->cap)) {
        text->cut = true;
        return false;
    }
    if (wanted > text->capacity) {
        text->capacity = wanted > text->capacity * 2 ? wanted : text->capacity * 2;
        text->bytes = xrealloc(text->bytes, text->capacity, 1);
    }
    return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t count)
{
    if (!make_room(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_add_bytes(text, &c, 1);
}

void text_add_int(struct text *text, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    text_add_bytes(text, digits + at, sizeof digits - at);
}

/*
 * The shortest decimal form, for values whose arithmetic fits into 128 bits. With value = m / 2^s
 * and p decimals, the nearest decimal is D / 10^p with D = round(m * 10^p / 2^s). It reads back as
 * the value if it is within half a unit in the last place: 2 * |D * 2^s - m * 10^p| <= 10^p (below
 * a power of two the place is half as wide; ties read back as the even m). 17 digits always do.
 */
static const double FAST_FROM = 1e-3, FAST_BELOW = 1e15;

__extension__ typedef unsigned __int128 wide;

struct binary {
    uint64_t m;
    int s;
};

static struct binary split(double value)
{
    int exponent;
    double fraction = frexp(value, &exponent); /* in [0.5, 1) */

    return (struct binary){(uint64_t)ldexp(fraction, 53), 53 - exponent};
}

/* D for p decimals, and whether it reads back. */
static uint64_t round_to(struct binary b, wide power, bool *reads_back)
{
    wide exact = b.m * power, half = (wide)1 << b.s >> 1;
    wide digits = exact >> b.s, rest = exact - (digits << b.s), error;
    bool up = rest > half || (rest == half && digits & 1);

    error = up ? ((wide)1 << b.s) - rest : rest;
    if (!up && b.m == (uint64_t)1 << 52)
        error *= 2;
    *reads_back = 2 * error < power || (2 * error == power && b.m % 2 == 0);
    return (uint64_t)(digits + up);
}

static void add_decimals(struct text *text, uint64_t digits, int decimals)
{
    char form[32];
    size_t at = sizeof form;

    while (decimals > 0 && digits % 10 == 0) {
        digits /= 10;
        decimals--;
    }
    for (int i = 0; digits > 0 || i <= decimals; i++) {
        if (i == decimals && i > 0)
            form[--at] = '.';
        form[--at] = (char)('0' + digits % 10);
        digits /= 10;
    }
    text_add_bytes(text, form + at, sizeof form - at);
}

static void add_fast_double(struct text *text, double value)
{
    struct binary b = split(value);
    int whole = -2; /* digits before the point; below 1, zeros behind it count against them */
    bool reads_back = false;
    uint64_t digits = 0;
    int precision = 15;
    wide power = 1;

    for (double limit = 0.01; value >= limit; limit *= 10)
        whole++;
    for (int i = 0; i < precision - whole; i++)
        power *= 10;
    for (;; precision++, power *= 10) {
        digits = round_to(b, power, &reads_back);
        if (reads_back || precision == 17)
            break;
    }
    add_decimals(text, digits, precision - whole);
}

static void add_slow_double(struct text *text, double value)
{
    char form[40];

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(form, sizeof form, "%.*g", precision, value);
        if (precision == 17 || strtod(form, NULL) == value)
            break;
    }
    text_add(text, form);
}

void text_add_double(struct text *text, double value)
{
    double size = fabs(value);

    if (!isfinite(value)) {
        text_add(text, "null");
    } else if (size < 9e15 && value == (double)(int64_t)value) {
        text_add_int(text, (int64_t)value);
    } else if (size >= FAST_FROM && size < FAST_BELOW) {
        if (value < 0)
            text_add_char(text, '-');
        add_fast_double(text, size);
    } else {
        add_slow_double(text, value);
    }
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    BUG_ON(length < 0);
    if (!make_room(text, (size_t)length))
        return;
    va_start(args, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

static int read_stream(struct text *text, FILE *stream, const char *path, struct err *err)
{
    char buffer[65536];
    size_t count;

    while (!text->cut && (count = fread(buffer, 1, sizeof buffer, stream)) > 0)
        text_add_bytes(text, buffer, count);
    if (ferror(stream))
        return err_set(err, ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    if (text->cut)
        return err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, text->cap);
    return 0;
}

int text_read_file(struct text *text, const char *path, struct err *err)
{
    FILE *stream;
    int rc;

    if (strcmp(path, "-") == 0)
        return read_stream(text, stdin, "standard input", err);
    stream = fopen(path, "rb");
    if (!stream)
        return err_set(err, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    rc = read_stream(text, stream, path, err);
    fclose(stream);
    return rc;
}

int text_write_file(const struct text *text, const char *path, struct err *err)
{
    char *beside = xmalloc(strlen(path) + 32);
    FILE *stream;
    int rc = 0;

    snprintf(beside, strlen(path) + 32, "%s.%ld.part", path, (long)getpid());
    stream = fopen(beside, "wb");
    if (!stream) {
        rc = err_set(err, ERR_IO, "%s: cannot create: %s", path, strerror(errno));
        goto out;
    }
    if (fwrite(text->bytes, 1, text->length, stream) != text->length)
        rc = err_set(err, ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    if (fclose(stream) != 0 && rc == 0)
        rc = err_set(err, ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    if (rc == 0 && rename(beside, path) != 0)
        rc = err_set(err, ERR_IO, "%s: cannot replace: %s", path, strerror(errno));
    if (rc)
        unlink(beside);
out:
    free(beside);
    return rc;
}
