/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_figures.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/folder.h"
#include "report/gantt.h"
#include "report/gantt_draw.h"
#include "report/result_table.h"
#include "report/run_charts.h"
#include "report/run_digest.h"
#include "report/run_read.h"
#include "report/table.h"
#include "report/table_tex.h"
#include "sim/comparison.h"

static int make_folder(const struct run_digest *digest, char **out, struct err *err)
{
    *out = folder_join(digest->run->path, "figures");
    return folder_make(*out, err);
}

static int write_schedule(const struct run_digest *digest, int entrant, int seed_index,
                          const char *path, struct err *err)
{
    struct gantt gantt;
    int rc = gantt_read(&gantt, digest, entrant, seed_index, GANTT_DRAWN, err);

    if (rc)
        return rc;
    rc = gantt_draw_write(&gantt, path, err);
    gantt_release(&gantt);
    return rc;
}

int run_figures_write(const struct run_digest *digest, const struct run_charts *charts,
                      int seed_index, const char *ending, written_fn written, void *arg,
                      struct err *err)
{
    const struct run_record *run = digest->run;
    char *folder, *path;
    int rc = make_folder(digest, &folder, err);

    for (int i = 0; rc == 0 && i < RUN_CHARTS + run->result.entrants; i++) {
        int entrant = i - RUN_CHARTS;

        if (entrant >= 0 && !result_outcome(&run->result, entrant, seed_index)->done)
            continue;
        if (entrant < 0)
            BUG_ON(asprintf(&path, "%s/%s.%s", folder, run_chart_name((enum run_chart)i), ending) <
                   0);
        else
            BUG_ON(asprintf(&path, "%s/schedule-%s.%s", folder, run->folder[entrant], ending) < 0);
        rc = entrant < 0 ? plot_write(&charts->plot[i], path, err)
                         : write_schedule(digest, entrant, seed_index, path, err);
        if (rc == 0)
            written(arg, path);
        free(path);
    }
    free(folder);
    return rc;
}

int run_table_write(const struct run_digest *digest, written_fn written, void *arg, struct err *err)
{
    struct table table;
    struct text title, out;
    char *folder, *path;
    int rc = make_folder(digest, &folder, err);

    table_init(&table);
    text_init(&title, 0);
    text_init(&out, 0);
    BUG_ON(result_table_fill(&digest->run->result, NULL, false, &table, NULL));
    result_table_title(&digest->run->result, &title);
    table_tex(&table, title.bytes, &out);
    path = folder_join(folder, "result.tex");
    if (rc == 0)
        rc = text_write_file(&out, path, err);
    if (rc == 0)
        written(arg, path);
    free(path);
    free(folder);
    text_release(&out);
    text_release(&title);
    table_release(&table);
    return rc;
}
