// Preloaded into the bridge: a wall clock and a resolver that tests can disturb while it runs.
//   FAULT_SHIM names a file with these lines, read every time:  clock SECONDS  dns ok|fail|slow|ADDRESS
// The wall clock is off by SECONDS; monotonic clocks are right. The name rabbit.test is ADDRESS, or 127.0.0.1.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void setting(const char* wanted, char* value, size_t size) {
  *value = '\0';
  const char* path = getenv("FAULT_SHIM");
  FILE* file = path ? fopen(path, "re") : NULL;
  if (!file) return;
  char name[16], found[32];
  while (fscanf(file, "%15s %31s", name, found) == 2)
    if (!strcmp(name, wanted)) snprintf(value, size, "%s", found);
  fclose(file);
}

static long offset(void) {
  char value[32];
  setting("clock", value, sizeof value);
  return atol(value);
}

int clock_gettime(clockid_t id, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(id, now);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += offset();
  return code;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec precise;
  int code = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return code;
}

time_t time(time_t* into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}

int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  static int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**);
  if (!real)
    real =
        (int (*)(const char*, const char*, const struct addrinfo*, struct addrinfo**))dlsym(RTLD_NEXT, "getaddrinfo");
  if (!host || strcmp(host, "rabbit.test")) return real(host, service, hints, found);
  char value[32];
  setting("dns", value, sizeof value);
  if (!strcmp(value, "fail")) return EAI_AGAIN;
  if (!strcmp(value, "slow")) sleep(20);
  return real(strchr(value, '.') ? value : "127.0.0.1", service, hints, found);
}
