/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as one of our CSV files: every value is read as what it may be. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "report/csv_reader.h"

static void read_values(struct csv_reader *csv)
{
    for (int c = 0; c < (int)csv->name.count; c++) {
        struct err err = {0};
        double real = 0;
        int64_t whole = 0;
        int rc = csv_reader_real(csv, c, &real, &err);

        BUG_ON(rc == 0 && !isfinite(real) && csv->field.item[c][0]);
        BUG_ON(rc && !err.message[0]);
        if (csv_reader_int(csv, c, -5, 1000000, &whole, &err) == 0)
            BUG_ON(whole < -5 || whole > 1000000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct csv_reader csv;
    struct err err = {0};
    int column, rc;

    if (csv_reader_open_memory(&csv, "input", bytes, count, &err)) {
        BUG_ON(!err.message[0]);
        return 0;
    }
    for (size_t i = 0; i < csv.name.count; i++)
        BUG_ON(csv_reader_column(&csv, csv.name.item[i], &column, &err) || column != (int)i);
    while ((rc = csv_reader_next(&csv, &err)) == 1)
        read_values(&csv);
    BUG_ON(rc < 0 && !err.message[0]);
    csv_reader_close(&csv);
    return 0;
}
