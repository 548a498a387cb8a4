/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"

int sink_open(struct sink *sink, const char *path, struct err *err)
{
    *sink = (struct sink){.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (sink->file < 0)
        return err_set(err, ERR_IO, "%s: cannot create: %s", path, strerror(errno));
    sink->path = xstrdup(path);
    text_init(&sink->text, 0);
    return 0;
}

void sink_flush(struct sink *sink)
{
    const char *at = sink->text.bytes;
    size_t left = sink->failure ? 0 : sink->text.length;

    while (left > 0) {
        ssize_t written = write(sink->file, at, left);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            sink->failure = errno;
            break;
        }
        at += written;
        left -= (size_t)written;
    }
    text_reset(&sink->text);
}

int sink_close(struct sink *sink, struct err *err)
{
    int rc = 0;

    if (!sink->path)
        return 0;
    sink_flush(sink);
    if (close(sink->file) != 0 && !sink->failure)
        sink->failure = errno;
    if (sink->failure)
        rc = err_set(err, ERR_IO, "%s: cannot write: %s", sink->path, strerror(sink->failure));
    text_release(&sink->text);
    free(sink->path);
    *sink = (struct sink){.file = -1};
    return rc;
}
