/* The state of the transmit path that transmit_fused.c and transmit_staged.c both walk, laid out as a C programmer would:
 * a row per VM, a row per NIC, rings of u32 descriptors, 2 KiB slots.
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

enum {
  BATCH = 32,
  RING = 1024,            /* entries of a ring, a power of two */
  SLOTS_PER_VM = 256,     /* a power of two: slot >> SLOTS_SHIFT is the VM */
  SLOTS_SHIFT = 8,
  SLOT_BYTES = 2048,
  MAX_VMS = 8192,         /* a descriptor has 21 bits for the slot */
  MAX_FRAME_BYTES = 1514,
  MAC_TABLE_PER_VM = 4,   /* open addressing at a load of at most 1/4 */
  POLICIES = 5,
  VMS_PER_DRAIN = 8,      /* the NICs' rings hold more than eight bursts */
};

/* Single producer, single consumer. The index that the other side writes is cached by its reader (Lamport 1977; the cached
 * index is FastForward's and B-Queue's remedy against a miss per operation). */
struct ring {
  _Alignas(128) _Atomic uint32_t head;
  uint32_t tail_seen;
  _Alignas(128) _Atomic uint32_t tail;
  uint32_t head_seen;
  _Alignas(128) uint32_t entry[RING];
};

struct vm {
  uint32_t mac_low;       /* source MAC, bytes 0 to 3 as they lie in the slot */
  uint16_t mac_high;      /* bytes 4 and 5 */
  uint8_t admission;      /* which of the loaded policies; the staged path alone reads these two */
  uint8_t distribution;
  uint64_t last_us;       /* when the buckets were filled last */
  double tokens, burst_bytes, rate_bytes_per_us;
  double peak_tokens, peak_burst_bytes, peak_rate_bytes_per_us;
  uint64_t sent_frames, sent_bytes, dropped_mac, dropped_shaping, dropped_ring, switched;
  uint32_t free_count;
  uint32_t free_slot[SLOTS_PER_VM]; /* one core: the slots to be sent next, a stack */
  struct ring ring;                 /* what the VM sends */
  struct ring returned;             /* two cores: slots on their way back to the VM */
} __attribute__((aligned(128)));

struct nic {
  double seconds_per_byte; /* 1 / speed, so that the least load is a product */
  int64_t pending_bytes, pending_frames;
  uint64_t queued_frames, queued_bytes, sent_frames, sent_bytes;
  uint32_t up;
  uint8_t driver;
  struct ring ring;
} __attribute__((aligned(128)));

struct path {
  uint32_t vms, nics;
  struct vm *vm;
  struct nic *nic;
  uint8_t *slots;
  uint64_t *mac_key;       /* 48-bit MAC + 1, or 0 for none */
  uint32_t mac_mask;
  uint32_t last_low;       /* the destination looked up last, and whether a local VM has it */
  uint16_t last_high;
  bool last_local;
  uint32_t current_nic;    /* pending-load's choice, kept while its backlog has grown by less than one frame */
  int32_t current_left;
  uint64_t now_us;
};

/* One look at every VM's ring: at most BATCH frames from each, the NICs' rings drained in between. Answers the frames sent.
 * `two_cores` returns slots through vm->returned, else through the stack. */
uint64_t sweep_fused(struct path *path, bool two_cores);
uint64_t sweep_staged(struct path *path, bool two_cores);

static inline uint32_t mac_hash(uint32_t low, uint32_t high) { return (low ^ (high * 0x9e3779b1u)) * 0x85ebca6bu >> 8; }

static inline bool mac_is_local(const struct path *path, uint32_t low, uint32_t high) {
  const uint64_t key = ((uint64_t)high << 32 | low) + 1;
  for (uint32_t at = mac_hash(low, high) & path->mac_mask;; at = (at + 1) & path->mac_mask) {
    if (path->mac_key[at] == key) return true;
    if (path->mac_key[at] == 0) return false;
  }
}

static inline void free_slot(struct path *path, uint32_t slot, bool two_cores) {
  struct vm *vm = &path->vm[slot >> SLOTS_SHIFT];
  if (!two_cores) {
    vm->free_slot[vm->free_count++] = slot;
    return;
  }
  /* Cannot overflow: a VM owns fewer slots than the ring has entries. */
  const uint32_t head = atomic_load_explicit(&vm->returned.head, memory_order_relaxed);
  vm->returned.entry[head & (RING - 1)] = slot;
  atomic_store_explicit(&vm->returned.head, head + 1, memory_order_release);
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

#endif
