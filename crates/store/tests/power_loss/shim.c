/* Loaded before libc (LD_PRELOAD): logs what a process writes below one folder, in order, so that a test can rebuild
 * what a disk would hold after a power cut at any moment. Also fails writes on demand, like a full disk.
 *
 *   SHIM_FOLDER  what lies below it is logged
 *   SHIM_LOG     the log
 *   SHIM_FULL    while this file exists, writes below the folder fail with ENOSPC
 *
 * A record: op (1 byte), length of name (2), offset or size (8), length of data (4), name, data; little endian.
 * Ops: W write, T truncate, S sync, C create, U unlink, A said on standard output.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *folder, *full;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("SHIM_LOG");
    folder = getenv("SHIM_FOLDER");
    full = getenv("SHIM_FULL");
    if (path) log_fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* The path of a file below the folder, or of the folder itself; else 0. The write-ahead log's index is memory that
 * happens to have a name: it is not logged, and after a power cut there is none. */
static int watched_path(const char *path) {
    size_t length = folder ? strlen(folder) : 0, all = strlen(path);
    if (!length || strncmp(path, folder, length)) return 0;
    if (all > 4 && !strcmp(path + all - 4, "-shm")) return 0;
    return path[length] == 0 || path[length] == '/';
}

static int watched(int fd, char *path, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return watched_path(path);
}

static void put(char op, const char *name, uint64_t offset, const void *data, uint32_t length) {
    if (log_fd < 0) return;
    unsigned char head[15];
    uint16_t name_length = (uint16_t)strlen(name);
    head[0] = (unsigned char)op;
    memcpy(head + 1, &name_length, 2);
    memcpy(head + 3, &offset, 8);
    memcpy(head + 11, &length, 4);
    syscall(SYS_write, log_fd, head, sizeof head);
    syscall(SYS_write, log_fd, name, name_length);
    if (length) syscall(SYS_write, log_fd, data, length);
}

static int is_full(void) { return full && !syscall(SYS_faccessat, AT_FDCWD, full, F_OK); }

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
    char path[512];
    if (!watched(fd, path, sizeof path)) return syscall(SYS_pwrite64, fd, data, length, offset);
    if (is_full()) { errno = ENOSPC; return -1; }
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, data, length, offset);
    if (done > 0) put('W', path, (uint64_t)offset, data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return write_at(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    char path[512];
    if (fd == 1) {
        pthread_mutex_lock(&lock);
        ssize_t done = syscall(SYS_write, fd, data, length);
        if (done > 0) put('A', "", 0, data, (uint32_t)done);
        pthread_mutex_unlock(&lock);
        return done;
    }
    if (!watched(fd, path, sizeof path)) return syscall(SYS_write, fd, data, length);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = write_at(fd, data, length, offset);
    if (done > 0) lseek(fd, offset + done, SEEK_SET);
    return done;
}

static int truncate_to(int fd, off_t size) {
    char path[512];
    if (!watched(fd, path, sizeof path)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_ftruncate, fd, size);
    if (!result) put('T', path, (uint64_t)size, 0, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t size) { return truncate_to(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_to(fd, size); }

/* The disk itself is not asked to sync: what counts is that it was told to. */
static int sync_all(int fd) {
    char path[512];
    if (watched(fd, path, sizeof path)) {
        if (is_full()) { errno = EIO; return -1; }
        pthread_mutex_lock(&lock);
        put('S', path, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

int fsync(int fd) { return sync_all(fd); }
int fdatasync(int fd) { return sync_all(fd); }

static int open_at(int at, const char *path, int flags, mode_t mode) {
    if (!(flags & O_CREAT) || !watched_path(path)) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = syscall(SYS_faccessat, at, path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && is_new) put('C', path, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags)                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (!result && watched_path(path)) put('U', path, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return result;
}
