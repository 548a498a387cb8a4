/* SPDX-License-Identifier: Apache-2.0 */
/* Files inside files: gzip, zstd, tar, and rows of what they hold; and damage at every place. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "base/text.h"
#include "trace/csv.h"
#include "trace/members.h"

static void pack_gzip(const struct text *in, struct text *out)
{
    z_stream z = {0};
    size_t bound;
    char *bytes;

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    bound = deflateBound(&z, in->length);
    bytes = xmalloc(bound);
    z.next_in = (unsigned char *)in->bytes;
    z.avail_in = (unsigned)in->length;
    z.next_out = (unsigned char *)bytes;
    z.avail_out = (unsigned)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    text_add_bytes(out, bytes, bound - z.avail_out);
    deflateEnd(&z);
    free(bytes);
}

static void pack_zstd(const struct text *in, struct text *out)
{
    size_t bound = ZSTD_compressBound(in->length), got;
    char *bytes = xmalloc(bound);

    got = ZSTD_compress(bytes, bound, in->bytes, in->length, 3);
    assert_false(ZSTD_isError(got));
    text_add_bytes(out, bytes, got);
    free(bytes);
}

static void add_tar(struct text *out, const char *name, const char *content)
{
    unsigned char block[512] = {0};
    unsigned sum = 0;
    size_t length = strlen(content);

    snprintf((char *)block, 100, "%s", name);
    snprintf((char *)block + 124, 12, "%011o", (unsigned)length);
    memcpy(block + 257, "ustar\00000", 8);
    block[156] = '0';
    memset(block + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    text_add_bytes(out, block, 512);
    text_add_bytes(out, content, length);
    memset(block, 0, sizeof block);
    text_add_bytes(out, block, (512 - length % 512) % 512);
}

static void end_tar(struct text *out)
{
    static const char empty[1024];

    text_add_bytes(out, empty, sizeof empty);
}

/* All members' names and bytes as one text, or the error. */
static int read_all(const struct text *in, struct text *out, struct err *err)
{
    struct members members;
    char bytes[37];
    int64_t got;
    int rc;

    members_open_memory(&members, "in", in->bytes, in->length);
    while ((rc = members_next(&members, err)) > 0) {
        text_printf(out, "[%s]", members_base(&members));
        while ((got = members_read(&members, bytes, sizeof bytes, err)) > 0)
            text_add_bytes(out, bytes, (size_t)got);
        if (got < 0) {
            rc = (int)got;
            break;
        }
    }
    members_close(&members);
    return rc;
}

static void check(const struct text *in, const char *wanted)
{
    struct text out;
    struct err err = {0};

    text_init(&out, 0);
    if (read_all(in, &out, &err))
        fail_msg("%s", err.message);
    assert_string_equal(out.bytes, wanted);
    text_release(&out);
}

struct packs {
    struct text tar, gzip, zstd;
};

static void make_packs(struct packs *p)
{
    text_init(&p->tar, 0);
    text_init(&p->gzip, 0);
    text_init(&p->zstd, 0);
    add_tar(&p->tar, "a.csv", "x,y\n1,2\n");
    add_tar(&p->tar, "b/empty.csv", "");
    add_tar(&p->tar, "b/c.csv", "0123456789012345678901234567890123456789");
    end_tar(&p->tar);
    pack_gzip(&p->tar, &p->gzip);
    pack_zstd(&p->tar, &p->zstd);
}

static void free_packs(struct packs *p)
{
    text_release(&p->tar);
    text_release(&p->gzip);
    text_release(&p->zstd);
}

static void archives_are_read_packed_or_not(void **state)
{
    static const char *const wanted = "[a.csv]x,y\n1,2\n[empty.csv]"
                                      "[c.csv]0123456789012345678901234567890123456789";
    struct packs p;

    (void)state;
    make_packs(&p);
    check(&p.tar, wanted);
    check(&p.gzip, wanted);
    check(&p.zstd, wanted);
    free_packs(&p);
}

static void members_one_behind_the_other_are_one_file(void **state)
{
    struct text part, whole;

    (void)state;
    text_init(&part, 0);
    text_init(&whole, 0);
    text_add(&part, "half");
    pack_gzip(&part, &whole);
    pack_gzip(&part, &whole);
    check(&whole, "[in]halfhalf");
    text_reset(&whole);
    pack_zstd(&part, &whole);
    pack_zstd(&part, &whole);
    check(&whole, "[in]halfhalf");
    text_release(&part);
    text_release(&whole);
}

/* Cut anywhere, a packed file is an error or, at a member's end, shorter; it never crashes. */
static void cut_files_are_errors(void **state)
{
    struct packs p;
    int errors = 0;

    (void)state;
    make_packs(&p);
    for (size_t length = 20; length + 1 < p.gzip.length; length++) {
        struct text cut = p.gzip, out;
        struct err err = {0};

        cut.length = length;
        text_init(&out, 0);
        errors += read_all(&cut, &out, &err) < 0;
        text_release(&out);
    }
    assert_int_equal(errors, (int)p.gzip.length - 21);
    for (size_t at = 0; at < p.zstd.length; at++) {
        struct text out;
        struct err err = {0};

        text_init(&out, 0);
        p.zstd.bytes[at] ^= 0x55;
        read_all(&p.zstd, &out, &err);
        p.zstd.bytes[at] ^= 0x55;
        text_release(&out);
    }
    free_packs(&p);
}

/* Rows */

static void read_rows(const char *content, char separator, bool quotes, struct text *out)
{
    struct members members;
    struct csv csv;
    struct err err;

    text_init(out, 0);
    members_open_memory(&members, "in", content, strlen(content));
    assert_int_equal(members_next(&members, &err), 1);
    csv_open(&csv, &members, separator, quotes);
    while (csv_next(&csv, &err) > 0) {
        for (int i = 0; i < csv.fields; i++)
            text_printf(out, "<%s>", csv.field[i]);
        text_add(out, csv.damage ? "!" : ";");
    }
    csv_close(&csv);
    members_close(&members);
}

static void rows_are_split(void **state)
{
    static const struct {
        const char *content;
        char separator;
        bool quotes;
        const char *wanted;
    } row[] = {
        {"a,b\n1,2\n", ',', true, "<a><b>;<1><2>;"},
        {"\xef\xbb\xbf"
         "a,b\r\n\r\n1,\r\n",
         ',', true, "<a><b>;<1><>;"},
        {"\"a,b\",c\n", ',', true, "<a,b><c>;"},
        {"\"a \"\"q\"\"\",\"two\nlines\"", ',', true, "<a \"q\"><two\nlines>;"},
        {"\"open,1\n2,3\n", ',', true, "<open,1\n2,3\n>!"},
        {"\"a\"b,c", ',', true, "<a><c>!"},
        {"say \"hi\"\tx\n", '\t', false, "<say \"hi\"><x>;"},
        {"  a   b 3 \n4\n", ' ', false, "<a><b><3>;<4>;"},
        {",\n", ',', true, "<><>;"},
        {"", ',', true, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        struct text out;

        read_rows(row[i].content, row[i].separator, row[i].quotes, &out);
        assert_string_equal(out.bytes, row[i].wanted);
        text_release(&out);
    }
}

static void rows_longer_than_the_buffer_are_read(void **state)
{
    struct text content, out;

    (void)state;
    text_init(&content, 0);
    for (int i = 0; i < 700000; i++)
        text_add_char(&content, (char)('a' + i % 26));
    text_add(&content, ",end\nnext,row\n");
    read_rows(content.bytes, ',', true, &out);
    assert_int_equal(out.length, 700000 + 2 + strlen("<end>;<next><row>;"));
    text_release(&content);
    text_release(&out);
}

static void numbers_read_as_the_c_library_reads_them(void **state)
{
    static const char *const good[] = {"0",
                                       "-1",
                                       "12.5",
                                       ".5",
                                       "5.",
                                       "1e3",
                                       "-2.5E-3",
                                       " 7 ",
                                       "007",
                                       "0.1",
                                       "123456789012345.6",
                                       "3.14159265358979",
                                       "1.7976931348623157e308",
                                       "4.9e-324"};
    static const char *const bad[] = {"",    "-",   ".",   "e5",  "1e999", "0x10",  "nan",
                                      "inf", "1,5", "1 2", "--1", "+-1",   "1.2.3", "ten"};
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(text_number(good[i], &value));
        assert_true(value == strtod(good[i], NULL));
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(text_number(bad[i], &value));
    for (int i = 0; i < 100000; i++) {
        char text[40];

        snprintf(text, sizeof text, "%d.%0*d", i * 7919 % 100003, i % 9 + 1, i * 31 % 10);
        assert_true(text_number(text, &value));
        assert_true(value == strtod(text, NULL));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(archives_are_read_packed_or_not),
    cmocka_unit_test(members_one_behind_the_other_are_one_file),
    cmocka_unit_test(cut_files_are_errors),
    cmocka_unit_test(rows_are_split),
    cmocka_unit_test(rows_longer_than_the_buffer_are_read),
    cmocka_unit_test(numbers_read_as_the_c_library_reads_them),
};

RUN_TESTS(tests)
