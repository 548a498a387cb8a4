/* SPDX-License-Identifier: Apache-2.0 */
/* What AdaptDL's profiles and workloads and those of its successor Sia share. */
#ifndef TRACE_ADAPTDL_READER_H
#define TRACE_ADAPTDL_READER_H

#include "trace/format.h"

/* Row of the option that both formats take. */
#define ADAPTDL_OPTION_ROW                                                                       \
    {                                                                                            \
        "batch", OPTION_CHOICE, "best",                                                          \
            .choices = "best|job",                                                               \
            .help = "the fastest global batch size for every number of GPUs, or the job's own: " \
                    "a type for each"                                                            \
    }

/* suffix: the profiles to read, "placements[-SUFFIX].csv"; "" for those without one. */
int adaptdl_read(struct trace_reader *reader, const char *suffix, struct err *err);

#endif
