/* The state of the transmit path that transmit_fused.c and transmit_staged.c both walk: a row per VM, a row per NIC, rings
 * of u32 descriptors, one pool of frame slots for all, a doorbell bit per VM. The policies are those of the product, with
 * its arithmetic: both choose the same NIC for every frame.
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

#include <math.h>
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
  GRAIN_BYTES = 1514,     /* a NIC is chosen for so many bytes at least */
  PEAK_BURST_BYTES = 65536,
  MAX_NICS = 32,
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

/* What a rate has earned, in whole bytes, and what it has earned beyond them, in 10^-9 bit: no rounding builds up. */
struct bucket {
  uint64_t earned_ns, remainder;
  int32_t tokens;         /* below zero: in debt */
};

struct vm {
  uint32_t mac_low;       /* source MAC, bytes 0 to 3 as they lie in the slot */
  uint16_t mac_high;      /* bytes 4 and 5 */
  uint8_t admission;      /* which of the loaded policies; the staged path alone reads these two */
  uint8_t distribution;
  uint64_t limit_bps, peak_bps; /* read for every batch: they may change at any time */
  int32_t burst_bytes;
  struct bucket average, peak;
  uint64_t sent_frames, sent_bytes, dropped_mac, dropped_shaping, dropped_ring, switched, backlog;
  struct ring ring;       /* what the VM sends */
  uint32_t entry[VM_RING];
} __attribute__((aligned(128)));

struct nic {
  double speed_bps;
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
  /* Pending load: the NICs, soonest finished first, as a window that moves to the right within a batch. */
  uint32_t order[MAX_NICS + BATCH + 2];
  double finish_us[MAX_NICS + BATCH + 2];
  uint32_t order_head;
  double learnt_bps[MAX_NICS], us_per_byte[MAX_NICS];
  uint32_t turn;           /* round robin */
  uint32_t available;      /* bit set of the NICs that may be chosen */
  uint64_t now_ns;
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

/* Adds what was earned since the last refill, up to the depth. */
static inline void refill(struct bucket *bucket, uint64_t rate_bps, int32_t depth, uint64_t now_ns) {
  const uint64_t elapsed_ns = now_ns - bucket->earned_ns;
  const int32_t lack = depth - bucket->tokens;
  bucket->earned_ns = now_ns;
  if ((double)elapsed_ns * (double)rate_bps >= ((double)lack + 1) * 8e9) { /* surely full: saves the divisions */
    bucket->tokens = depth;
    bucket->remainder = 0;
    return;
  }
  const uint64_t elapsed_us = elapsed_ns / 1000, micro_bits = rate_bps * elapsed_us, bytes = micro_bits / 8000000;
  const uint64_t nano_bits =
      (micro_bits - bytes * 8000000) * 1000 + rate_bps * (elapsed_ns - elapsed_us * 1000) + bucket->remainder;
  const uint64_t earned = bytes + nano_bits / 8000000000;
  if (earned < (uint64_t)lack) {
    bucket->tokens += (int32_t)earned;
    bucket->remainder = nano_bits % 8000000000;
  } else {
    bucket->tokens = depth;
    bucket->remainder = 0;
  }
}

/* Puts `nic` between `head` and `tail` of the order, behind those that are finished as soon. */
static inline void insert_nic(struct path *path, uint32_t head, uint32_t tail, uint32_t nic, double us) {
  uint32_t place = tail;
  for (; place > head && path->finish_us[place - 1] > us; place--) {
    path->finish_us[place] = path->finish_us[place - 1];
    path->order[place] = path->order[place - 1];
  }
  path->finish_us[place] = us;
  path->order[place] = nic;
}

/* Sorts the NICs by what is pending now: by insertion, since from batch to batch the order hardly changes. */
static inline void sort_nics(struct path *path) {
  for (uint32_t n = 0; n < path->nics; n++) {
    if (path->nic[n].speed_bps == path->learnt_bps[n]) continue;
    path->learnt_bps[n] = path->nic[n].speed_bps;
    path->us_per_byte[n] = 8e6 / path->nic[n].speed_bps;
  }
  for (uint32_t k = 0; k < path->nics; k++) {
    const uint32_t n = path->order[path->order_head + k];
    insert_nic(path, 0, k, n, (double)(path->nic[n].pending_bytes + GRAIN_BYTES) * path->us_per_byte[n]);
  }
}

/* Bytes until the NIC at the head of the order would be finished after the next one. */
static inline int32_t nic_budget(const struct path *path, uint32_t head) {
  const double lead_us = path->finish_us[head + 1] - path->finish_us[head];
  return (int32_t)ceil(lead_us / path->us_per_byte[path->order[head]] + GRAIN_BYTES);
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
