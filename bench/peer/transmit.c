/* Measures the transmit path in C.
 *
 *   transmit fused|staged one|two FRAMES VMS NICS IN_FLIGHT
 *
 * `one`: producer, path and NICs on one core. In turns: IN_FLIGHT frames are made, a batch for one VM after the other, and
 * sweeps take them all. Only the sweeps are timed; of the times of slices of 16,384 frames the median is taken, so that what
 * other programs take from the core in some of them does not count. `two`: the producer on core 1, path and NICs on core 0,
 * all of the time counts.
 *
 * Prints {"nsPerFrame":…,"mframesPerSecond":…,"nsPerFrameMade":…}: the last is what making a frame costs (`one` only).
 * Ends with status 1 when a frame is unaccounted for. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transmit.h"

enum { WARM_FRAMES = 2000000, SLICE_FRAMES = 16384, POOL_FRAMES = 16384, LIMIT_S = 20, EMPTY_READS = 1001 };

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

static int by_size(const void *one, const void *other) {
  const double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_size);
  return values[count / 2];
}

static void fill_pool(struct path *path) {
  const uint32_t magazines = POOL_FRAMES / (MAGAZINE / 2) + 8;
  path->slots = POOL_FRAMES;
  path->frames = zeroed((size_t)POOL_FRAMES * SLOT_STRIDE);
  path->slot_vm = zeroed(POOL_FRAMES * sizeof(uint32_t));
  path->depot.next = zeroed(magazines * sizeof(uint32_t));
  path->depot.fill = zeroed(magazines * sizeof(uint32_t));
  path->depot.magazine = zeroed(magazines * sizeof *path->depot.magazine);
  path->producer.magazine = 0;
  path->consumer.magazine = 1;
  for (uint32_t m = magazines; m-- > 2;) push_magazine(&path->depot, &path->depot.empty, m);
  for (uint32_t slot = POOL_FRAMES; slot-- > 0;) free_slot(&path->consumer, &path->depot, slot);
}

static void make_path(struct path *path, uint32_t vms, uint32_t nics) {
  memset(path, 0, sizeof *path);
  path->vms = vms;
  path->nics = nics;
  path->vm = zeroed(vms * sizeof(struct vm));
  path->nic = zeroed(nics * sizeof(struct nic));
  path->doorbell_words = (vms + 31) / 32;
  path->doorbell = zeroed(path->doorbell_words * sizeof(uint32_t));
  path->ready = zeroed(path->doorbell_words * sizeof(uint32_t));
  fill_pool(path);
  uint32_t table = 16;
  while (table < vms * MAC_TABLE_PER_VM) table *= 2;
  path->mac_key = zeroed(table * sizeof(uint64_t));
  path->mac_mask = table - 1;
  for (uint32_t v = 0; v < vms; v++) {
    struct vm *vm = &path->vm[v];
    const uint8_t source[6] = {0x52, 0x54, 0, (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    memcpy(&vm->mac_low, source, 4);
    memcpy(&vm->mac_high, source + 4, 2);
    uint32_t at = mac_hash(vm->mac_low, vm->mac_high) & path->mac_mask;
    while (path->mac_key[at] != 0) at = (at + 1) & path->mac_mask;
    path->mac_key[at] = ((uint64_t)vm->mac_high << 32 | vm->mac_low) + 1;
    vm->limit_bps = 1000000000000; /* the buckets are at work and never empty */
    vm->peak_bps = 2 * vm->limit_bps;
    vm->burst_bytes = vm->average.tokens = 1 << 24;
    vm->peak.tokens = PEAK_BURST_BYTES;
  }
  for (uint32_t n = 0; n < nics; n++) {
    path->nic[n].speed_bps = 10e9;
    path->nic[n].up = 1;
    path->available |= 1u << n;
    path->order[n] = n;
  }
}

/* One batch of frames of a VM: a slot and a header each, the descriptors published, the doorbell rung. Answers the frames
 * that found room in the VM's ring and a slot. */
static uint32_t produce(struct path *path, uint32_t v) {
  struct vm *vm = &path->vm[v];
  struct ring *ring = &vm->ring;
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  if (VM_RING - (head - ring->tail_seen) < BATCH) {
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (VM_RING - (head - ring->tail_seen) < BATCH) return 0;
  }
  uint32_t count = 0;
  for (; count < BATCH; count++) {
    const uint32_t slot = allocate_slot(&path->producer, &path->depot);
    if (slot == NO_SLOT) break;
    uint32_t *word = (uint32_t *)(path->frames + (uint64_t)slot * SLOT_STRIDE);
    word[0] = 0x4702u << 16; /* one destination beyond this host */
    word[1] = 0x01000000;
    word[2] = vm->mac_low;
    word[3] = 0x00080000 | vm->mac_high;
    path->slot_vm[slot] = v;
    vm->entry[(head + count) & (VM_RING - 1)] = slot << 11 | FRAME_BYTES;
  }
  /* Before the look at the doorbell, else the consumer could take the bit and not see the frames. */
  atomic_store_explicit(&ring->head, head + count, memory_order_seq_cst);
  const uint32_t bit = 1u << (v & 31);
  if ((atomic_load_explicit(&path->doorbell[v >> 5], memory_order_seq_cst) & bit) == 0) {
    atomic_fetch_or_explicit(&path->doorbell[v >> 5], bit, memory_order_seq_cst);
  }
  return count;
}

struct producer {
  struct path *path;
  _Atomic bool stop;
};

/* The producer on its own core: a batch per VM at a time, for as long as there is room. */
static void *produce_elsewhere(void *argument) {
  struct producer *producer = argument;
  pin(1);
  while (!atomic_load_explicit(&producer->stop, memory_order_relaxed)) {
    for (uint32_t v = 0; v < producer->path->vms; v++) produce(producer->path, v);
  }
  return NULL;
}

/* While it warms up every policy is used at every call, as in a host that has them all loaded. */
static void rotate_policies(struct path *path, uint64_t turn, bool warm) {
  for (uint32_t v = 0; v < path->vms; v++) {
    path->vm[v].admission = warm ? (uint8_t)((turn + v) % POLICIES) : 0;
    path->vm[v].distribution = path->vm[v].admission;
  }
  for (uint32_t n = 0; n < path->nics; n++) path->nic[n].driver = warm ? (uint8_t)((turn + n) % POLICIES) : 0;
}

static uint64_t dropped_frames(const struct path *path) {
  uint64_t dropped = 0;
  for (uint32_t v = 0; v < path->vms; v++) {
    const struct vm *vm = &path->vm[v];
    dropped += vm->dropped_mac + vm->dropped_shaping + vm->dropped_ring + vm->switched;
  }
  return dropped;
}

struct measured {
  double ns_per_frame, ns_per_made;
  uint64_t swept, dropped;
};

static struct measured on_one_core(struct path *path, uint64_t (*sweep)(struct path *), uint64_t frames, uint32_t in_flight) {
  struct measured result = {0};
  double empty[EMPTY_READS];
  for (uint32_t i = 0; i < EMPTY_READS; i++) {
    const uint64_t at = now_ns();
    empty[i] = (double)(now_ns() - at);
  }
  const double empty_ns = median(empty, EMPTY_READS);
  const size_t slices = frames / SLICE_FRAMES + 1;
  double *swept_ns = zeroed(slices * sizeof(double)), *made_ns = zeroed(slices * sizeof(double));
  uint32_t v = 0;
  for (uint64_t turn = 0, warmed = 0; warmed < WARM_FRAMES; turn++) {
    if (turn % 64 == 0) rotate_policies(path, turn / 64, true);
    for (uint32_t made = 0; made < in_flight; v = v + 1 < path->vms ? v + 1 : 0) made += produce(path, v);
    path->now_ns += 5000;
    for (uint32_t done = 0; done < in_flight;) done += (uint32_t)sweep(path);
    warmed += in_flight;
    result.swept += in_flight;
  }
  rotate_policies(path, 0, false);
  result.dropped = dropped_frames(path);
  for (size_t slice = 0; slice < slices; slice++) {
    double making_ns = 0, sweeping_ns = 0;
    uint32_t slice_frames = 0;
    while (slice_frames < SLICE_FRAMES) {
      const uint64_t start_ns = now_ns();
      for (uint32_t made = 0; made < in_flight; v = v + 1 < path->vms ? v + 1 : 0) made += produce(path, v);
      path->now_ns += 5000;
      const uint64_t made_at_ns = now_ns();
      for (uint32_t done = 0; done < in_flight;) done += (uint32_t)sweep(path);
      sweeping_ns += (double)(now_ns() - made_at_ns) - empty_ns;
      making_ns += (double)(made_at_ns - start_ns) - empty_ns;
      slice_frames += in_flight;
    }
    swept_ns[slice] = sweeping_ns / slice_frames;
    made_ns[slice] = making_ns / slice_frames;
    result.swept += slice_frames;
  }
  result.ns_per_frame = median(swept_ns, slices);
  result.ns_per_made = median(made_ns, slices);
  return result;
}

static struct measured on_two_cores(struct path *path, uint64_t (*sweep)(struct path *), uint64_t frames) {
  struct measured result = {0};
  struct producer producer = {.path = path};
  pthread_t thread;
  if (pthread_create(&thread, NULL, produce_elsewhere, &producer) != 0) exit(2);
  const uint64_t limit_ns = now_ns() + LIMIT_S * 1000000000ull; /* a core taken away must not make it last for ever */
  for (uint64_t turn = 0; result.swept < WARM_FRAMES && now_ns() < limit_ns; turn++) {
    if (turn % 64 == 0) rotate_policies(path, turn / 64, true);
    path->now_ns = now_ns();
    result.swept += sweep(path);
  }
  rotate_policies(path, 0, false);
  result.dropped = dropped_frames(path);
  uint64_t measured = 0, at_ns;
  const uint64_t start_ns = now_ns();
  do {
    at_ns = now_ns();
    path->now_ns = at_ns;
    measured += sweep(path);
  } while (measured < frames && at_ns < limit_ns);
  result.ns_per_frame = (double)(now_ns() - start_ns) / (double)measured;
  result.swept += measured;
  atomic_store(&producer.stop, true);
  pthread_join(thread, NULL);
  return result;
}

int main(int count, char **argument) {
  const bool complete = count == 7;
  const uint32_t vms = complete ? (uint32_t)atoi(argument[4]) : 0, nics = complete ? (uint32_t)atoi(argument[5]) : 0;
  const uint32_t in_flight = complete ? (uint32_t)atoi(argument[6]) : 0;
  if (vms < 1 || nics < 2 || nics > MAX_NICS || in_flight < BATCH || in_flight % BATCH != 0 || in_flight > vms * VM_RING) {
    fprintf(stderr, "usage: transmit fused|staged one|two FRAMES VMS NICS IN_FLIGHT\n");
    return 2;
  }
  static struct path path;
  make_path(&path, vms, nics);
  pin(0);
  uint64_t (*const sweep)(struct path *) = strcmp(argument[1], "staged") == 0 ? sweep_staged : sweep_fused;
  const uint64_t frames = strtoull(argument[3], NULL, 10);
  const struct measured result =
      strcmp(argument[2], "two") == 0 ? on_two_cores(&path, sweep, frames) : on_one_core(&path, sweep, frames, in_flight);

  uint64_t sent = 0, left = 0;
  const uint64_t dropped = dropped_frames(&path);
  for (uint32_t n = 0; n < nics; n++) {
    sent += path.nic[n].sent_frames;
    left += (uint64_t)path.nic[n].pending_frames;
  }
  if (sent + dropped + left != result.swept || dropped != result.dropped) {
    fprintf(stderr, "swept %lu, sent %lu, dropped %lu, left %lu\n", result.swept, sent, dropped, left);
    return 1;
  }
  printf("{\"nsPerFrame\":%.3f,\"mframesPerSecond\":%.3f,\"nsPerFrameMade\":%.3f}\n", result.ns_per_frame,
         1e3 / result.ns_per_frame, result.ns_per_made);
  return 0;
}
