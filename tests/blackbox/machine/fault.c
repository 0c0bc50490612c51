/* The faults of a machine, one at a time: preloaded into a server, it counts the calls that change files below a
 * directory, over all threads, and lets the n-th of them kill, fail, dawdle or take the power away.
 *
 * Why not `strace --inject`: it counts per thread and per call. With `when=N` whichever thread comes first hides the
 * N-th call of every other, and an error strikes once in each thread; here one number is one call. That no call goes
 * past it, strace itself says, in a test of its own.
 *
 *   FAULT_ROOT   only what lies below this directory counts
 *   FAULT_CALLS  names of the calls that count, `,` around each; none: all (see `call` below)
 *   FAULT_NAME   only paths that hold this; none: all
 *   FAULT_ARMED  counts only while this file is there; none: always
 *   FAULT_LOG    gets a line a call that counts: number, call, thread, path, 1 if it was struck
 *   FAULT_FROM, FAULT_TO  which calls are struck, the first is 1
 *   FAULT_ACT    kill, power (the file system goes, then the process), error, delay (ms)
 *   FAULT_VALUE  the error's number; the milliseconds
 *   FAULT_CLOCK  a file with the seconds that the wall clock is ahead
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long count;

static const char *told(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static long number(const char *name) {
  const char *value = told(name);
  return value ? atol(value) : 0;
}

static void pause_ms(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

static void power_off(const char *root) {
  unsigned no_flush = 2;
  int fd = syscall(SYS_openat, AT_FDCWD, root, O_RDONLY);
  if (fd < 0 || ioctl(fd, _IOR('X', 125, unsigned), &no_flush) != 0) {
    static const char why[] = "fault: the file system has no shutdown\n";
    syscall(SYS_write, 2, why, sizeof why - 1);
  }
}

/* Whether the call fails; errno says how. */
static int struck(const char *call, const char *path) {
  const char *root = told("FAULT_ROOT"), *calls = told("FAULT_CALLS"), *name = told("FAULT_NAME");
  const char *armed = told("FAULT_ARMED"), *log = told("FAULT_LOG"), *act = told("FAULT_ACT");
  if (!root || strncmp(path, root, strlen(root)) != 0) return 0;
  if (name && !strstr(path, name)) return 0;
  if (calls) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, ",%s,", call);
    if (!strstr(calls, quoted)) return 0;
  }
  if (armed && syscall(SYS_faccessat, AT_FDCWD, armed, F_OK) != 0) return 0;
  long at = atomic_fetch_add(&count, 1) + 1, from = number("FAULT_FROM"), to = number("FAULT_TO");
  int hit = act && from <= at && at <= (to ? to : from);
  if (log) {
    char thread[16] = "", line[PATH_MAX + 128];
    prctl(PR_GET_NAME, thread);
    int length = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\t%d\n", at, call, thread, path, hit);
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
      syscall(SYS_write, fd, line, length);
      syscall(SYS_close, fd);
    }
  }
  if (!hit) return 0;
  if (!strcmp(act, "delay")) {
    pause_ms(number("FAULT_VALUE"));
    return 0;
  }
  if (!strcmp(act, "error")) {
    errno = number("FAULT_VALUE");
    return 1;
  }
  /* Time for what was answered too early to get out. */
  pause_ms(5);
  if (!strcmp(act, "power")) power_off(root);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* The path of a descriptor, and of `path` at a directory. */
static const char *of(int fd, const char *path, char *buffer) {
  char link[64];
  buffer[0] = 0;
  if (path && (path[0] == '/' || fd == AT_FDCWD)) return path;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX);
  if (length < 0) length = 0;
  buffer[length] = 0;
  if (path) snprintf(buffer + length, 1024, "/%s", path);
  return buffer;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
#define CALL(call, fd, path)                                           \
  char buffer[PATH_MAX + 1024 + 1];                                    \
  int before = errno;                                                  \
  if (struck(call, of(fd, path, buffer))) return -1;                   \
  errno = before

static int opening(int at, const char *path, int flags, mode_t mode) {
  CALL(flags & O_CREAT ? "create" : "open", at, path);
  return syscall(SYS_openat, at, path, flags, mode);
}

#define OPEN(name, ...)                                                \
  int name(__VA_ARGS__, int flags, ...) {                              \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);
OPEN(open, const char *path) return opening(AT_FDCWD, path, flags, mode); }
OPEN(open64, const char *path) return opening(AT_FDCWD, path, flags, mode); }
OPEN(openat, int at, const char *path) return opening(at, path, flags, mode); }
OPEN(openat64, int at, const char *path) return opening(at, path, flags, mode); }

ssize_t write(int fd, const void *bytes, size_t length) {
  CALL("write", fd, NULL);
  return REAL(write)(fd, bytes, length);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  CALL("pwrite", fd, NULL);
  return REAL(pwrite64)(fd, bytes, length, at);
}
int fdatasync(int fd) {
  CALL("fdatasync", fd, NULL);
  return REAL(fdatasync)(fd);
}
int fsync(int fd) {
  CALL("fsync", fd, NULL);
  return REAL(fsync)(fd);
}
int ftruncate64(int fd, off64_t length) {
  CALL("ftruncate", fd, NULL);
  return REAL(ftruncate64)(fd, length);
}
int rename(const char *from, const char *to) {
  CALL("rename", AT_FDCWD, from);
  return REAL(rename)(from, to);
}
int unlink(const char *path) {
  CALL("unlink", AT_FDCWD, path);
  return REAL(unlink)(path);
}
int unlinkat(int at, const char *path, int flags) {
  CALL("unlink", at, path);
  return REAL(unlinkat)(at, path, flags);
}
int mkdir(const char *path, mode_t mode) {
  CALL("mkdir", AT_FDCWD, path);
  return REAL(mkdir)(path, mode);
}
int rmdir(const char *path) {
  CALL("unlink", AT_FDCWD, path);
  return REAL(rmdir)(path);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL(clock_gettime)(clock, time);
  const char *file = clock == CLOCK_REALTIME ? told("FAULT_CLOCK") : NULL;
  if (file && result == 0) {
    char ahead[32] = "";
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      syscall(SYS_read, fd, ahead, sizeof ahead - 1);
      syscall(SYS_close, fd);
      time->tv_sec += atol(ahead);
    }
  }
  return result;
}
