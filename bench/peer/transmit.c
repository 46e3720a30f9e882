/* Measures the transmit path in C.
 *
 *   transmit fused|staged one|two FRAMES VMS NICS
 *
 * `one`: producer, path and NICs on one core; `two`: the producer on core 1, the path and the NICs on core 0.
 * Prints {"nsPerFrame":…,"mframesPerSecond":…}. Ends with status 1 when a frame is unaccounted for. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transmit.h"

enum { FRAME_BYTES = 64, WARM_FRAMES = 2000000, LIMIT_S = 20 };

static uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) perror("sched_setaffinity");
}

static void *zeroed(size_t bytes) {
  void *memory = aligned_alloc(128, (bytes + 127) & ~(size_t)127);
  if (memory == NULL) exit(2);
  return memset(memory, 0, bytes);
}

static void make_path(struct path *path, uint32_t vms, uint32_t nics) {
  memset(path, 0, sizeof *path);
  path->vms = vms;
  path->nics = nics;
  path->vm = zeroed(vms * sizeof(struct vm));
  path->nic = zeroed(nics * sizeof(struct nic));
  path->slots = zeroed((size_t)vms * SLOTS_PER_VM * SLOT_BYTES);
  uint32_t table = 16;
  while (table < vms * MAC_TABLE_PER_VM) table *= 2;
  path->mac_key = zeroed(table * sizeof(uint64_t));
  path->mac_mask = table - 1;
  for (uint32_t v = 0; v < vms; v++) {
    struct vm *vm = &path->vm[v];
    const uint8_t source[6] = {0x52, 0x54, 0, (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    const uint8_t gateway[6] = {0x02, 0x47, 0, (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    memcpy(&vm->mac_low, source, 4);
    memcpy(&vm->mac_high, source + 4, 2);
    uint32_t at = mac_hash(vm->mac_low, vm->mac_high) & path->mac_mask;
    while (path->mac_key[at] != 0) at = (at + 1) & path->mac_mask;
    path->mac_key[at] = ((uint64_t)vm->mac_high << 32 | vm->mac_low) + 1;
    vm->last_us = now_ns() / 1000;
    vm->burst_bytes = vm->tokens = vm->peak_burst_bytes = vm->peak_tokens = 1 << 24;
    vm->rate_bytes_per_us = 125000; /* 1 Tbit/s: the bucket is at work and never empty */
    vm->peak_rate_bytes_per_us = 250000;
    for (uint32_t s = 0; s < SLOTS_PER_VM; s++) {
      const uint32_t slot = v * SLOTS_PER_VM + s;
      uint8_t *frame = path->slots + (size_t)slot * SLOT_BYTES + 2;
      memcpy(frame, gateway, 6);
      memcpy(frame + 6, source, 6);
      frame[12] = 8;
      vm->free_slot[vm->free_count++] = slot;
    }
  }
  for (uint32_t n = 0; n < nics; n++) {
    path->nic[n].seconds_per_byte = 8.0 / (1e9 * (n + 1));
    path->nic[n].up = 1;
  }
}

/* One batch of descriptors onto a VM's ring, from the stack of free slots. */
static void produce(struct vm *vm) {
  struct ring *ring = &vm->ring;
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint32_t count = vm->free_count < BATCH ? vm->free_count : BATCH;
  for (uint32_t i = 0; i < count; i++) {
    ring->entry[(head + i) & (RING - 1)] = vm->free_slot[--vm->free_count] << 11 | FRAME_BYTES;
  }
  atomic_store_explicit(&ring->head, head + count, memory_order_release);
}

static uint64_t dropped_frames(const struct path *path) {
  uint64_t dropped = 0;
  for (uint32_t v = 0; v < path->vms; v++) {
    const struct vm *vm = &path->vm[v];
    dropped += vm->dropped_mac + vm->dropped_shaping + vm->dropped_ring + vm->switched;
  }
  return dropped;
}

struct producer {
  struct path *path;
  _Atomic bool stop;
};

/* The producer of its own core: takes back what the path has returned, sends it again, a batch per VM at a time. The stack
 * is the producer's alone here. */
static void *produce_elsewhere(void *argument) {
  struct producer *producer = argument;
  struct path *path = producer->path;
  pin(1);
  while (!atomic_load_explicit(&producer->stop, memory_order_relaxed)) {
    for (uint32_t v = 0; v < path->vms; v++) {
      struct vm *vm = &path->vm[v];
      struct ring *returned = &vm->returned;
      if (vm->free_count < BATCH) {
        const uint32_t head = atomic_load_explicit(&returned->head, memory_order_acquire);
        uint32_t tail = atomic_load_explicit(&returned->tail, memory_order_relaxed);
        while (tail != head) vm->free_slot[vm->free_count++] = returned->entry[tail++ & (RING - 1)];
        atomic_store_explicit(&returned->tail, tail, memory_order_release);
      }
      if (vm->free_count >= BATCH) produce(vm);
    }
  }
  return NULL;
}

int main(int count, char **argument) {
  if (count != 6) {
    fprintf(stderr, "usage: transmit fused|staged one|two FRAMES VMS NICS\n");
    return 2;
  }
  const bool staged = strcmp(argument[1], "staged") == 0, two_cores = strcmp(argument[2], "two") == 0;
  const uint64_t frames = strtoull(argument[3], NULL, 10);
  if (atoi(argument[4]) < 1 || atoi(argument[4]) > MAX_VMS || atoi(argument[5]) < 1) {
    fprintf(stderr, "transmit: 1 to %d VMs, 1 or more NICs\n", MAX_VMS);
    return 2;
  }
  struct path path;
  make_path(&path, (uint32_t)atoi(argument[4]), (uint32_t)atoi(argument[5]));
  uint64_t (*const sweep)(struct path *, bool) = staged ? sweep_staged : sweep_fused;
  pin(0);

  struct producer producer = {.path = &path};
  pthread_t thread;
  if (two_cores && pthread_create(&thread, NULL, produce_elsewhere, &producer) != 0) return 2;

  const uint64_t limit_us = now_ns() / 1000 + LIMIT_S * 1000000u; /* a core taken away must not make it last for ever */
  const uint64_t warm_turns = WARM_FRAMES / (path.vms * BATCH) + POLICIES;
  uint64_t swept = 0, start_ns = 0, measured = 0, dropped_warm = 0;
  for (uint64_t turn = 0; measured < frames && path.now_us < limit_us; turn++) {
    if (turn < warm_turns) { /* every policy is used once at every call, as in a host that has them all loaded */
      for (uint32_t v = 0; v < path.vms; v++) {
        path.vm[v].admission = (uint8_t)((turn + v) % POLICIES);
        path.vm[v].distribution = (uint8_t)((turn + v) % POLICIES);
      }
      for (uint32_t n = 0; n < path.nics; n++) path.nic[n].driver = (uint8_t)((turn + n) % POLICIES);
    } else if (turn == warm_turns) {
      for (uint32_t v = 0; v < path.vms; v++) path.vm[v].admission = path.vm[v].distribution = 0;
      for (uint32_t n = 0; n < path.nics; n++) path.nic[n].driver = 0;
      dropped_warm = dropped_frames(&path);
      start_ns = now_ns();
    }
    if (!two_cores) for (uint32_t v = 0; v < path.vms; v++) produce(&path.vm[v]);
    path.now_us = now_ns() / 1000;
    const uint64_t sent = sweep(&path, two_cores);
    swept += sent;
    if (turn >= warm_turns) measured += sent;
  }
  const double elapsed_ns = (double)(now_ns() - start_ns);

  if (two_cores) {
    atomic_store(&producer.stop, true);
    pthread_join(thread, NULL);
  }
  uint64_t sent = 0, left = 0;
  const uint64_t dropped = dropped_frames(&path);
  for (uint32_t n = 0; n < path.nics; n++) {
    sent += path.nic[n].sent_frames;
    left += (uint64_t)path.nic[n].pending_frames;
  }
  if (measured == 0) {
    fprintf(stderr, "transmit: nothing was measured within %d s\n", LIMIT_S);
    return 1;
  }
  if (sent + dropped + left != swept || dropped != dropped_warm) {
    fprintf(stderr, "swept %lu, sent %lu, dropped %lu, left %lu\n", swept, sent, dropped, left);
    return 1;
  }
  printf("{\"nsPerFrame\":%.3f,\"mframesPerSecond\":%.3f}\n", elapsed_ns / (double)measured,
         (double)measured * 1e3 / elapsed_ns);
  return 0;
}
