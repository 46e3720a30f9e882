/* A single-producer single-consumer ring of u32 between two threads on cores of their own.
 *
 *   ring BATCH SECONDS release|ordered
 *
 *   release   an index is published with a store that orders nothing behind it: what C would use
 *   ordered   with a sequentially consistent store, the only one that JavaScript has: it waits until all stores before it
 *             have reached the other core
 *
 *   head and tail lie 128 bytes apart (a pair of cache lines: the neighbour line is prefetched), each beside its writer's
 *   copy of the other index, which is read afresh only when the copy says full, or empty.
 *
 * Prints {"millionsPerSecond":…}. Slices of 131,072 elements that took over 2 ms are left out: one of the cores was given
 * to another program meanwhile, and both sides waited. The consumer checks every element: they are 0, 1, 2, … */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RING = 4096, MAX_BATCH = 1024, SLICE = 131072 };

static const double longest_slice_s = 2e-3;

static struct {
  _Alignas(128) _Atomic uint32_t head;
  _Alignas(128) _Atomic uint32_t tail;
  _Alignas(128) uint32_t entry[RING];
} ring;

static uint32_t batch;
static bool ordered;
static _Atomic bool stop;

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) perror("sched_setaffinity");
}

static double now_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static inline void publish(_Atomic uint32_t *index, uint32_t value) {
  if (ordered)
    atomic_store_explicit(index, value, memory_order_seq_cst);
  else
    atomic_store_explicit(index, value, memory_order_release);
}

static void *produce(void *nothing) {
  pin(1);
  uint32_t item[MAX_BATCH], head = 0, tail_seen = 0, next = 0;
  while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    if (RING - (head - tail_seen) < batch) {
      tail_seen = atomic_load_explicit(&ring.tail, memory_order_acquire);
      continue;
    }
    for (uint32_t i = 0; i < batch; i++) item[i] = next++;
    for (uint32_t i = 0; i < batch; i++) ring.entry[(head + i) & (RING - 1)] = item[i];
    head += batch;
    publish(&ring.head, head);
  }
  return nothing;
}

/* Takes one slice. */
static void consume_slice(void) {
  static uint32_t tail, head_seen, expected;
  uint32_t item[MAX_BATCH];
  for (uint32_t taken = 0; taken < SLICE;) {
    if (head_seen - tail < batch) {
      head_seen = atomic_load_explicit(&ring.head, memory_order_acquire);
      continue;
    }
    for (uint32_t i = 0; i < batch; i++) item[i] = ring.entry[(tail + i) & (RING - 1)];
    tail += batch;
    publish(&ring.tail, tail);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < batch; i++) wrong |= item[i] ^ expected++;
    if (wrong != 0) {
      fprintf(stderr, "ring: an element is out of order before %u\n", expected);
      exit(1);
    }
    taken += batch;
  }
}

int main(int count, char **argument) {
  if (count != 4 || (batch = (uint32_t)atoi(argument[1])) < 1 || batch > MAX_BATCH) {
    fprintf(stderr, "usage: ring BATCH SECONDS release|ordered\n");
    return 2;
  }
  ordered = strcmp(argument[3], "ordered") == 0;
  const double seconds = atof(argument[2]);
  pin(0);
  pthread_t thread;
  if (pthread_create(&thread, NULL, produce, NULL) != 0) return 2;
  const double warm_s = now_s() + seconds / 10;
  while (now_s() < warm_s) consume_slice();
  uint64_t taken = 0;
  double taking_s = 0, at_s = now_s();
  for (const double end_s = at_s + seconds; at_s < end_s;) {
    consume_slice();
    const double then_s = at_s;
    at_s = now_s();
    if (at_s - then_s > longest_slice_s) continue;
    taking_s += at_s - then_s;
    taken += SLICE;
  }
  if (taken == 0) {
    fprintf(stderr, "ring: the two cores were never both free\n");
    return 1;
  }
  printf("{\"millionsPerSecond\":%.1f}\n", (double)taken / taking_s / 1e6);
  atomic_store(&stop, true);
  pthread_join(thread, NULL);
  return 0;
}
