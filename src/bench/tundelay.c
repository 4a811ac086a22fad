// tundelay A B DELAY_US LOSS_PERMILLE RATE_KBIT
//
// Makes two TUN devices, A and B, and carries packets between them, in both directions, DELAY_US microseconds late, losing
// LOSS_PERMILLE of a thousand and at most RATE_KBIT a second (0: as many as come). Move the devices into two network namespaces
// and it is the link between them. Prints "ready" once the devices are there.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE = 65536, LONGEST = 1600 };
static const uint64_t DROP_BEYOND_NS = 200000000;  // what a full buffer before a slow link would hold

struct packet {
  uint64_t due;
  int length;
  unsigned char bytes[LONGEST];
};

struct direction {
  int in, out;
  struct packet *queue;
  unsigned head, tail;
  pthread_mutex_t mutex;
  pthread_cond_t filled;
};

static uint64_t delay, rate;
static int loss;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int tun(const char *name) {
  struct ifreq wanted = {0};
  wanted.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(wanted.ifr_name, name, IFNAMSIZ - 1);
  int fd = open("/dev/net/tun", O_RDWR);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &wanted) < 0) {
    perror("tun");
    exit(1);
  }
  return fd;
}

// When a packet that has come now is due on the other side; 0 when it does not get there.
static uint64_t due(uint64_t *sent, int length) {
  uint64_t at = now();
  if (!rate) return at + delay;
  if (*sent < at) *sent = at;
  if (*sent - at > DROP_BEYOND_NS) return 0;
  *sent += (uint64_t)length * 8 * 1000000u / rate;
  return *sent + delay;
}

static void *read_packets(void *argument) {
  struct direction *d = argument;
  unsigned char bytes[LONGEST];
  unsigned seed = (unsigned)d->in;
  uint64_t sent = 0;
  for (;;) {
    int length = (int)read(d->in, bytes, sizeof bytes);
    if (length <= 0 || (loss && rand_r(&seed) % 1000 < loss)) continue;
    uint64_t at = due(&sent, length);
    pthread_mutex_lock(&d->mutex);
    unsigned next = (d->head + 1) % QUEUE;
    if (at && next != d->tail) {
      struct packet *p = &d->queue[d->head];
      p->due = at;
      p->length = length;
      memcpy(p->bytes, bytes, (size_t)length);
      d->head = next;
      pthread_cond_signal(&d->filled);
    }
    pthread_mutex_unlock(&d->mutex);
  }
  return NULL;
}

static void *write_packets(void *argument) {
  struct direction *d = argument;
  for (;;) {
    pthread_mutex_lock(&d->mutex);
    while (d->head == d->tail) pthread_cond_wait(&d->filled, &d->mutex);
    struct packet *p = &d->queue[d->tail];
    pthread_mutex_unlock(&d->mutex);
    struct timespec at = {(time_t)(p->due / 1000000000u), (long)(p->due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    if (write(d->out, p->bytes, (size_t)p->length) < 0) perror("tundelay");
    pthread_mutex_lock(&d->mutex);
    d->tail = (d->tail + 1) % QUEUE;
    pthread_mutex_unlock(&d->mutex);
  }
  return NULL;
}

int main(int count, char **words) {
  if (count != 6) {
    fputs("tundelay A B DELAY_US LOSS_PERMILLE RATE_KBIT\n", stderr);
    return 2;
  }
  delay = strtoull(words[3], NULL, 10) * 1000;
  loss = atoi(words[4]);
  rate = strtoull(words[5], NULL, 10);
  int a = tun(words[1]), b = tun(words[2]);
  static struct direction directions[2];
  for (int i = 0; i < 2; i++) {
    struct direction *d = &directions[i];
    d->in = i ? b : a;
    d->out = i ? a : b;
    d->queue = calloc(QUEUE, sizeof *d->queue);
    if (!d->queue) return 1;
    pthread_mutex_init(&d->mutex, NULL);
    pthread_cond_init(&d->filled, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, read_packets, d);
    pthread_create(&thread, NULL, write_packets, d);
  }
  puts("ready");
  fflush(stdout);
  pause();
}
