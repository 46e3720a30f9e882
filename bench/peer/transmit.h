/* The state of the transmit path that transmit_fused.c and transmit_staged.c both walk: a row per VM, a row per NIC, rings
 * of u32 descriptors, one pool of frame slots for all, a doorbell bit per VM.
 *
 *   slot   0    2          8          14       16
 *          +----+----------+----------+--------+-- ...
 *          | -- | dst MAC  | src MAC  | type   |        two bytes of headroom: the source MAC is 4-byte aligned
 *          +----+----------+----------+--------+-- ...
 *
 *   descriptor  31 ........ 11 10 .. 0
 *               |   slot     | bytes |
 */
#ifndef TRANSMIT_H
#define TRANSMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pool.h"

enum {
  BATCH = 32,
  BURST = 64,             /* frames in one call of a driver */
  VM_RING = 256,          /* entries of a VM's ring and of a NIC's, powers of two */
  NIC_RING = 1024,
  SLOT_BYTES = 2048,
  SLOT_STRIDE = 2176,     /* two lines more, so that the headers are not all in the same sets of the cache */
  FRAME_BYTES = 64,
  HEADER_BYTES = 14,
  MAX_FRAME_BYTES = 1514,
  MAC_TABLE_PER_VM = 4,   /* open addressing at a load of at most 1/4 */
  POLICIES = 5,
};

/* Single producer, single consumer. The index that the other side writes is cached by its reader (Lamport 1977; the cached
 * index is FastForward's and B-Queue's remedy against a miss per operation). */
struct ring {
  _Alignas(128) _Atomic uint32_t head; /* written by the producer */
  uint32_t tail_seen;
  _Alignas(128) _Atomic uint32_t tail; /* written by the consumer */
  uint32_t head_seen;
};

struct vm {
  uint32_t mac_low;       /* source MAC, bytes 0 to 3 as they lie in the slot */
  uint16_t mac_high;      /* bytes 4 and 5 */
  uint8_t admission;      /* which of the loaded policies; the staged path alone reads these two */
  uint8_t distribution;
  uint64_t last_us;       /* when the buckets were filled last */
  double tokens, burst_bytes, rate_bytes_per_us;
  double peak_tokens, peak_burst_bytes, peak_rate_bytes_per_us;
  uint64_t sent_frames, sent_bytes, dropped_mac, dropped_shaping, dropped_ring, switched, backlog;
  struct ring ring;       /* what the VM sends */
  uint32_t entry[VM_RING];
} __attribute__((aligned(128)));

struct nic {
  double seconds_per_byte; /* 1 / speed, so that the least load is a product */
  int64_t pending_bytes, pending_frames;
  uint64_t queued_frames, queued_bytes, sent_frames, sent_bytes;
  uint32_t up;
  uint8_t driver;
  struct ring ring;
  uint32_t entry[NIC_RING];
} __attribute__((aligned(128)));

/* Frames on offer to a driver. */
struct burst {
  uint32_t count;
  uint32_t offset[BURST];
  uint32_t bytes[BURST];
};

struct path {
  uint32_t vms, nics, doorbell_words, slots;
  struct vm *vm;
  struct nic *nic;
  uint8_t *frames;
  uint32_t *slot_vm;       /* whose frame is in a slot */
  _Atomic uint32_t *doorbell;
  uint32_t *ready;         /* the consumer's: VMs that have frames */
  struct depot depot;
  struct held producer, consumer;
  uint64_t *mac_key;       /* 48-bit MAC + 1, or 0 for none */
  uint32_t mac_mask;
  uint32_t last_low;       /* the destination looked up last, and whether a local VM has it */
  uint16_t last_high;
  bool last_local;
  uint32_t current_nic;    /* pending-load's choice, kept while its backlog has grown by less than one frame */
  int32_t current_left;
  uint64_t now_us;
};

/* One batch of every VM whose doorbell was rung or that has more, the NICs' rings drained in between. Answers the frames
 * taken from the VMs. */
uint64_t sweep_fused(struct path *path);
uint64_t sweep_staged(struct path *path);

static inline uint32_t mac_hash(uint32_t low, uint32_t high) { return (low ^ (high * 0x9e3779b1u)) * 0x85ebca6bu >> 8; }

static inline bool mac_is_local(const struct path *path, uint32_t low, uint32_t high) {
  const uint64_t key = ((uint64_t)high << 32 | low) + 1;
  for (uint32_t at = mac_hash(low, high) & path->mac_mask;; at = (at + 1) & path->mac_mask) {
    if (path->mac_key[at] == key) return true;
    if (path->mac_key[at] == 0) return false;
  }
}

/* Moves what the doorbell says into `ready`: a word at a time, and only words with something in them are written to. */
static inline void collect(struct path *path) {
  for (uint32_t word = 0; word < path->doorbell_words; word++) {
    if (atomic_load_explicit(&path->doorbell[word], memory_order_relaxed) == 0) continue;
    path->ready[word] |= atomic_exchange_explicit(&path->doorbell[word], 0, memory_order_acq_rel);
  }
}

/* Frames in a VM's ring. */
static inline uint32_t waiting(struct ring *ring) {
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
  return ring->head_seen - tail;
}

static inline void refill(struct vm *vm, uint64_t now_us) {
  const double elapsed_us = (double)(now_us - vm->last_us);
  vm->last_us = now_us;
  const double tokens = vm->tokens + elapsed_us * vm->rate_bytes_per_us;
  vm->tokens = tokens < vm->burst_bytes ? tokens : vm->burst_bytes;
  const double peak = vm->peak_tokens + elapsed_us * vm->peak_rate_bytes_per_us;
  vm->peak_tokens = peak < vm->peak_burst_bytes ? peak : vm->peak_burst_bytes;
}

/* The available NIC whose backlog would take the least time to send. */
static inline uint32_t least_loaded(const struct path *path) {
  uint32_t best = 0;
  double best_seconds = 1e300;
  for (uint32_t n = 0; n < path->nics; n++) {
    const struct nic *nic = &path->nic[n];
    const double seconds = (double)nic->pending_bytes * nic->seconds_per_byte;
    if (nic->up && seconds < best_seconds) {
      best_seconds = seconds;
      best = n;
    }
  }
  return best;
}

/* Lists the frames at the tail of a NIC's ring for its driver, and their slots where they go when it has taken them: behind
 * the free ones. Answers their bytes. */
static inline uint64_t list_burst(struct path *path, struct nic *nic, struct burst *burst, uint32_t tail, uint32_t count) {
  uint32_t *slot = room_for_burst(&path->consumer, &path->depot);
  uint64_t bytes = 0;
  burst->count = count;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t descriptor = nic->entry[(tail + i) & (NIC_RING - 1)];
    slot[i] = descriptor >> 11;
    burst->offset[i] = (descriptor >> 11) * SLOT_STRIDE + 2;
    burst->bytes[i] = descriptor & (SLOT_BYTES - 1);
    bytes += burst->bytes[i];
  }
  return bytes;
}

/* What the driver took is the NIC's no more: its slots are free. */
static inline void finish_burst(struct path *path, struct nic *nic, struct burst *burst, uint32_t sent, uint64_t bytes) {
  for (uint32_t i = sent; i < burst->count; i++) bytes -= burst->bytes[i];
  path->consumer.fill += sent;
  nic->pending_bytes -= (int64_t)bytes;
  nic->pending_frames -= sent;
  nic->sent_bytes += bytes;
  nic->sent_frames += sent;
  const uint32_t tail = atomic_load_explicit(&nic->ring.tail, memory_order_relaxed);
  atomic_store_explicit(&nic->ring.tail, tail + sent, memory_order_release);
}

#endif
