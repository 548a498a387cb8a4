/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/address.h"

enum { FIRST_PASSED = 3, BACKLOG = 512 };

int listener_passed(bool local)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    long files = pid && count && strtol(pid, NULL, 10) == getpid() ? strtol(count, NULL, 10) : 0;

    for (int file = FIRST_PASSED; file < FIRST_PASSED + files; file++) {
        struct sockaddr_storage address = {0};
        socklen_t bytes = sizeof address;

        if (getsockname(file, (struct sockaddr *)&address, &bytes) != 0 ||
            (address.ss_family == AF_UNIX) != local)
            continue;
        fcntl(file, F_SETFD, FD_CLOEXEC);
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK);
        return file;
    }
    return -1;
}

/* Says why, and closes it if it was opened. */
static int give_up(int file, const char *where, struct err *err)
{
    int rc = err_set(err, ERR_IO, "%s: cannot listen: %s", where, strerror(errno));

    if (file >= 0)
        close(file);
    return rc;
}

int listener_unix(const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[sizeof address.sun_path];
    char *slash;
    int file;

    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_LIMIT, "%s: too long a path for a socket", path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = 0;
        mkdir(folder, 0755);
    }
    file = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(path); /* the store's lock says that nobody listens there */
    if (file < 0 || bind(file, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, geteuid() == 0 ? 0666 : 0600) != 0 || listen(file, BACKLOG) != 0)
        return give_up(file, path, err);
    return file;
}

int listener_tcp(const char *where, struct err *err)
{
    struct address address;
    int file, one = 1, rc = address_find(&address, where, err);

    if (rc) {
        err_prefix(err, "listen.http");
        return rc;
    }
    file = socket(address.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (file >= 0)
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (file < 0 || bind(file, (struct sockaddr *)&address.at, address.bytes) != 0 ||
        listen(file, BACKLOG) != 0)
        return give_up(file, where, err);
    return file;
}

bool listener_address(int socket, struct address *out)
{
    *out = (struct address){.bytes = sizeof out->at};
    return socket >= 0 && getsockname(socket, (struct sockaddr *)&out->at, &out->bytes) == 0;
}
