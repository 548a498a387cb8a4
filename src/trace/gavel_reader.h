/* SPDX-License-Identifier: Apache-2.0 */
/* What Gavel's files and those of its successors share: throughput tables and job lists. */
#ifndef TRACE_GAVEL_READER_H
#define TRACE_GAVEL_READER_H

#include "trace/format.h"

/* Rows of the options that both formats take. */
#define GAVEL_OPTION_ROWS                                                                        \
    {"gpu", OPTION_CHOICE, "v100", .choices = "v100|p100|k80|all",                               \
     .help = "the GPU type to take speeds of; all: a resource and types of their own for each, " \
             "drawn job by job"},                                                                \
    {                                                                                            \
        "pairs", OPTION_CHOICE, "ignore",                                                        \
            .choices = "ignore|interference",                                                    \
            .help =                                                                              \
                "co-location pairs: the mean slow-down beside others becomes the type's suffers" \
    }

/* table: how the name of the throughput file begins when several are there; NULL: any. */
int gavel_read(struct trace_reader *reader, const char *table, struct err *err);

#endif
