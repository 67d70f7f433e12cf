/* Notes what a process does to a database's files, in the order in which the kernel is asked to do it.

   A library for LD_PRELOAD, for power_cuts.py: it wraps the calls of the C library that change a file or make a change
   last, does what was asked for, and appends a record of it to a log. Three variables of the environment tell it what
   to do: WRITES_LOG is the log, WRITES_DATABASE the database's path (its files are that and those whose names go on with
   -wal or -journal), WRITES_FOLDER the folder in which they are. What is written to file descriptor WRITES_ACKNOWLEDGED
   is noted as well: the process says there what it holds for done.

   A record is a struct of five numbers of 64 bits (kind, number of the name, offset, length of the data, a second name)
   and the data. A name is a record itself and has the number that no name had before. The shared memory of the WAL is
   mapped and therefore not seen: it does not outlive a power cut, and SQLite makes it anew. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NAME, WRITE, TRUNCATE, SYNC, CREATE, UNLINK, RENAME, SYNC_FOLDER, ACKNOWLEDGED };

#define MOST_NAMES 256
#define MOST_FILES 4096
#define FOLDER (-2)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1, acknowledged = -1, ready;
static const char *database, *folder;
static char *names[MOST_NAMES];
static int name_count;
static int files[MOST_FILES]; /* by descriptor: 1 + the number of the name, FOLDER, or 0 */

static void append(uint64_t kind, uint64_t name, uint64_t offset, uint64_t length, uint64_t second, const void *data) {
    uint64_t head[5] = {kind, name, offset, length, second};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)data, length}};
    if (writev(log_file, parts, data ? 2 : 1) < 0) abort();
}

static void prepare(void) {
    if (ready) return;
    ready = 1;
    const char *path = getenv("WRITES_LOG"), *number = getenv("WRITES_ACKNOWLEDGED");
    database = getenv("WRITES_DATABASE");
    folder = getenv("WRITES_FOLDER");
    if (!path || !database || !folder) return;
    if (number) acknowledged = atoi(number);
    log_file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path) {
    size_t length = strlen(database);
    if (strncmp(path, database, length)) return 0;
    path += length;
    return !*path || !strcmp(path, "-wal") || !strcmp(path, "-journal");
}

static int name_of(const char *path) {
    if (!path || log_file < 0 || !is_ours(path)) return -1;
    for (int each = 0; each < name_count; each++)
        if (!strcmp(names[each], path)) return each;
    if (name_count == MOST_NAMES) abort();
    names[name_count] = strdup(path);
    append(NAME, (uint64_t)name_count, 0, strlen(path), 0, path);
    return name_count++;
}

static void opened(int file, const char *path, int flags, int was_there) {
    if (file < 0 || file >= MOST_FILES || log_file < 0) return;
    pthread_mutex_lock(&lock);
    int name = name_of(path);
    files[file] = name >= 0 ? name + 1 : strcmp(path, folder) ? 0 : FOLDER;
    if (name >= 0 && !was_there) append(CREATE, (uint64_t)name, 0, 0, 0, NULL);
    if (name >= 0 && was_there && flags & O_TRUNC) append(TRUNCATE, (uint64_t)name, 0, 0, 0, NULL);
    pthread_mutex_unlock(&lock);
}

#define REAL(type, name, ...)                                     \
    static type (*real)(__VA_ARGS__);                             \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name); \
    prepare()

static int opened_by(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    int was_there = access(path, F_OK) == 0;
    int file = real(path, flags, mode);
    opened(file, path, flags, was_there);
    return file;
}

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened_by(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened_by(real, path, flags, mode);
}

int close(int file) {
    REAL(int, "close", int);
    if (file >= 0 && file < MOST_FILES) files[file] = 0;
    return real(file);
}

/* The lock is held round the call itself, so that the log has the order in which the calls took effect. */
#define WITH(file, call, noted)                                                        \
    int name = log_file >= 0 && (file) >= 0 && (file) < MOST_FILES ? files[file] : 0; \
    if (!name) return call;                                                            \
    pthread_mutex_lock(&lock);                                                         \
    __typeof__(call) done = call;                                                      \
    if (done >= 0) noted;                                                              \
    pthread_mutex_unlock(&lock);                                                       \
    return done

ssize_t write(int file, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (file == acknowledged && log_file >= 0) {
        /* Noted before it is said: what the log has behind this record was asked for later. */
        pthread_mutex_lock(&lock);
        append(ACKNOWLEDGED, 0, 0, length, 0, data);
        pthread_mutex_unlock(&lock);
        return real(file, data, length);
    }
    WITH(file, real(file, data, length),
         append(WRITE, (uint64_t)name - 1, (uint64_t)(lseek(file, 0, SEEK_CUR) - done), (uint64_t)done, 0, data));
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    WITH(file, real(file, data, length, offset),
         append(WRITE, (uint64_t)name - 1, (uint64_t)offset, (uint64_t)done, 0, data));
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    WITH(file, real(file, data, length, offset),
         append(WRITE, (uint64_t)name - 1, (uint64_t)offset, (uint64_t)done, 0, data));
}

int ftruncate(int file, off_t length) {
    REAL(int, "ftruncate", int, off_t);
    WITH(file, real(file, length), append(TRUNCATE, (uint64_t)name - 1, (uint64_t)length, 0, 0, NULL));
}

int ftruncate64(int file, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    WITH(file, real(file, length), append(TRUNCATE, (uint64_t)name - 1, (uint64_t)length, 0, 0, NULL));
}

static void synced(int name) {
    if (name == FOLDER) append(SYNC_FOLDER, 0, 0, 0, 0, NULL);
    else append(SYNC, (uint64_t)name - 1, 0, 0, 0, NULL);
}

int fsync(int file) {
    REAL(int, "fsync", int);
    WITH(file, real(file), synced(name));
}

int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    WITH(file, real(file), synced(name));
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    pthread_mutex_lock(&lock);
    int name = name_of(path), done = real(path);
    if (name >= 0 && done == 0) append(UNLINK, (uint64_t)name, 0, 0, 0, NULL);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    pthread_mutex_lock(&lock);
    int one = name_of(from), other = name_of(to), done = real(from, to);
    if ((one >= 0 || other >= 0) && done == 0) append(RENAME, (uint64_t)one, 0, 0, (uint64_t)other, NULL);
    pthread_mutex_unlock(&lock);
    return done;
}
