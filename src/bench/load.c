// The benchmark's load generator and its simplest backend, in one thread on epoll so that neither is what is measured.
//
//   load greet PORT                     a backend: greets every connection, then waits for its end
//   load fresh HOST PORT N C [PATH]     N connections, C at a time: until the first byte of the greeting, or, with PATH, until
//                                       the end of the answer to GET PATH; prints JSON: rate, errors, quantiles in ms
//   load hold HOST PORT N               opens N greeted connections, prints how many are open, holds them until stdin ends
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, LIMIT_S = 120, CONNECTION_S = 15, DESCRIPTORS = 65536, OPENING = 64 };

static const char GREETING[] = "hello\n";

struct connection {
  uint64_t began, first;
  int asked;
};

static int epoll;
static struct sockaddr_in address;
static struct connection connections[DESCRIPTORS];  // by descriptor
static char request[512];
static int64_t *first_ns, *whole_ns;
static int done, errors;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void watch(int fd, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll, operation, fd, &event) < 0) fail("epoll_ctl");
}

static void greet(int port) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) fail("listen");
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  struct epoll_event ready[BATCH];
  char rest[4096];
  for (;;) {
    int n = epoll_wait(epoll, ready, BATCH, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd != listener) {
        ssize_t got = read(fd, rest, sizeof rest);
        if (got == 0 || (got < 0 && errno != EAGAIN)) close(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
        if (write(fd, GREETING, sizeof GREETING - 1) < 0) close(fd);
      }
    }
  }
}

static int opened(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || fd >= DESCRIPTORS) fail("socket");
  connections[fd] = (struct connection){.began = now()};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  watch(fd, request[0] ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD);
  return fd;
}

// Reads what is there: 1 when the connection has had what it is for, -1 when it failed, 0 when there is more to wait for.
static int progress(int fd, uint32_t events) {
  struct connection *c = &connections[fd];
  char bytes[65536];
  if (request[0] && !c->asked && (events & EPOLLOUT)) {
    if (write(fd, request, strlen(request)) < 0) return -1;
    c->asked = 1;
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }
  if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return 0;
  for (;;) {
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0) return errno == EAGAIN ? 0 : -1;
    if (got == 0) return c->first && request[0] ? 1 : -1;
    if (!c->first) c->first = now();
    if (!request[0]) return 1;
  }
}

static void record(int fd, int outcome) {
  struct connection *c = &connections[fd];
  if (outcome > 0) {
    first_ns[done] = (int64_t)(c->first - c->began);
    whole_ns[done++] = (int64_t)(now() - c->began);
  } else {
    errors++;
  }
}

static void expire(int highest, int *flying) {
  uint64_t limit = now() - CONNECTION_S * 1000000000ull;
  for (int fd = 0; fd <= highest; fd++) {
    if (connections[fd].began && connections[fd].began < limit) {
      connections[fd].began = 0;
      close(fd);
      errors++;
      --*flying;
    }
  }
}

// Makes n connections, at most c of them under way; those that have had their greeting are closed unless they are to be kept.
static void run(int n, int c, int keep) {
  uint64_t end = now() + LIMIT_S * 1000000000ull;
  struct epoll_event ready[BATCH];
  int begun = 0, flying = 0, highest = 0;
  while ((begun < n || flying > 0) && now() < end) {
    while (begun < n && flying < c) {
      int fd = opened();
      begun++;
      if (fd < 0) {
        errors++;
        continue;
      }
      flying++;
      if (fd > highest) highest = fd;
    }
    int count = epoll_wait(epoll, ready, BATCH, 1000);
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd, outcome = progress(fd, ready[i].events);
      if (outcome == 0) continue;
      record(fd, outcome);
      connections[fd].began = 0;
      flying--;
      if (keep && outcome > 0) {
        watch(fd, 0, EPOLL_CTL_DEL);
      } else {
        close(fd);
      }
    }
    if (count == 0) expire(highest, &flying);
  }
  errors += n - begun + flying;
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void quantiles(const char *name, int64_t *ns) {
  qsort(ns, (size_t)done, sizeof *ns, compare);
  int64_t sum = 0;
  for (int i = 0; i < done; i++) sum += ns[i];
  printf(", \"%s\": {\"mean\": %.4f, \"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f}", name, (double)sum / done / 1e6,
         (double)ns[(done - 1) / 2] / 1e6, (double)ns[(int)((done - 1) * 0.99)] / 1e6, (double)ns[done - 1] / 1e6);
}

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if ((epoll = epoll_create1(0)) < 0) fail("epoll");
  if (count == 3 && !strcmp(words[1], "greet")) greet(atoi(words[2]));
  int hold = count == 5 && !strcmp(words[1], "hold");
  if (!hold && ((count != 6 && count != 7) || strcmp(words[1], "fresh"))) {
    fputs("load greet PORT | load fresh HOST PORT N C [PATH] | load hold HOST PORT N\n", stderr);
    return 2;
  }
  int n = atoi(words[4]);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[3]))};
  if (inet_pton(AF_INET, words[2], &address.sin_addr) != 1) fail(words[2]);
  if (count == 7) snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n", words[6]);
  first_ns = calloc((size_t)n, sizeof *first_ns);
  whole_ns = calloc((size_t)n, sizeof *whole_ns);
  if (!first_ns || !whole_ns) fail("memory");
  uint64_t began = now();
  run(n, hold ? OPENING : atoi(words[5]), hold);
  double seconds = (double)(now() - began) / 1e9;
  printf("{\"connections\": %d, \"errors\": %d, \"rate\": %.1f", done, errors, done / seconds);
  if (done) {
    quantiles("first", first_ns);
    quantiles("whole", whole_ns);
  }
  puts("}");
  if (hold) {
    char byte;
    while (read(0, &byte, 1) > 0) continue;
  }
  return 0;
}
