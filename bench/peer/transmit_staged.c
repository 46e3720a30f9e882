/* The transmit path in stages that are called per batch through function pointers: the shape of a framework whose policies
 * are chosen at run time, in C. Five admission policies, five distributions and five drivers are loaded; which of them a VM
 * or a NIC uses is read from its row, so that no call can be bound beforehand. */
#include "transmit.h"

enum verdict { ADMIT, DROP_MAC, DROP_SHAPING, SWITCH };

struct batch {
  uint32_t vm, count;
  uint32_t descriptor[BATCH];
  uint32_t bytes[BATCH];
  uint8_t verdict[BATCH];
  uint8_t nic[BATCH];
};

#define STAGE __attribute__((noinline)) static

/* classify: whose frame is it, and where does it go? */
STAGE uint32_t classify(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  struct ring *ring = &vm->ring;
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  if (ring->head_seen == tail) {
    ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (ring->head_seen == tail) return batch->count = 0;
  }
  const uint32_t waiting = ring->head_seen - tail;
  batch->count = waiting < BATCH ? waiting : BATCH;
  for (uint32_t i = 0; i < batch->count; i++) {
    const uint32_t descriptor = ring->entry[(tail + i) & (RING - 1)];
    const uint8_t *frame = path->slots + (uint64_t)(descriptor >> 11) * SLOT_BYTES;
    const uint32_t destination_high = *(const uint16_t *)(frame + 2), destination_low = *(const uint32_t *)(frame + 4);
    batch->descriptor[i] = descriptor;
    batch->bytes[i] = descriptor & (SLOT_BYTES - 1);
    if (*(const uint32_t *)(frame + 8) != vm->mac_low || *(const uint16_t *)(frame + 12) != vm->mac_high) {
      batch->verdict[i] = DROP_MAC;
      continue;
    }
    if (destination_low != path->last_low || destination_high != path->last_high) {
      path->last_low = destination_low;
      path->last_high = (uint16_t)destination_high;
      path->last_local = mac_is_local(path, destination_low, destination_high);
    }
    batch->verdict[i] = path->last_local ? SWITCH : ADMIT;
  }
  atomic_store_explicit(&ring->tail, tail + batch->count, memory_order_release);
  return batch->count;
}

/* admit: may it go now? */
STAGE void admit_shaping(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  refill(vm, path->now_us);
  double tokens = vm->tokens, peak_tokens = vm->peak_tokens;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    const double bytes = batch->bytes[i];
    if (tokens < bytes || peak_tokens < bytes) {
      batch->verdict[i] = DROP_SHAPING;
      continue;
    }
    tokens -= bytes;
    peak_tokens -= bytes;
  }
  vm->tokens = tokens;
  vm->peak_tokens = peak_tokens;
}

STAGE void admit_policer(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  refill(vm, path->now_us);
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    if (vm->tokens < batch->bytes[i]) batch->verdict[i] = DROP_SHAPING;
    else vm->tokens -= batch->bytes[i];
  }
}

STAGE void admit_share(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  double credit = vm->burst_bytes / path->vms;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    credit -= batch->bytes[i];
    if (credit < 0) batch->verdict[i] = DROP_SHAPING;
  }
}

STAGE void admit_small(struct path *path, struct batch *batch) {
  (void)path;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] == ADMIT && batch->bytes[i] > MAX_FRAME_BYTES) batch->verdict[i] = DROP_SHAPING;
  }
}

STAGE void admit_all(struct path *path, struct batch *batch) {
  (void)path;
  (void)batch;
}

/* distribute: over which NIC? */
STAGE void select_pending_load(struct path *path, struct batch *batch) {
  uint32_t current = path->current_nic;
  int32_t left = path->current_left;
  double grown_bytes = 0;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    if (left < (int32_t)batch->bytes[i]) {
      path->nic[current].pending_bytes += (int64_t)grown_bytes; /* what this batch has put there counts in the choice */
      current = least_loaded(path);
      left = MAX_FRAME_BYTES;
      grown_bytes = 0;
    }
    left -= (int32_t)batch->bytes[i];
    grown_bytes += batch->bytes[i];
    batch->nic[i] = (uint8_t)current;
  }
  path->nic[current].pending_bytes += (int64_t)grown_bytes;
  path->current_nic = current;
  path->current_left = left;
}

STAGE void select_round_robin(struct path *path, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) {
    do path->current_nic = path->current_nic + 1 < path->nics ? path->current_nic + 1 : 0;
    while (!path->nic[path->current_nic].up);
    batch->nic[i] = (uint8_t)path->current_nic;
    path->nic[path->current_nic].pending_bytes += batch->bytes[i];
  }
}

STAGE void select_flow_hash(struct path *path, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) {
    batch->nic[i] = (uint8_t)(mac_hash(batch->vm, batch->bytes[i]) % path->nics);
    path->nic[batch->nic[i]].pending_bytes += batch->bytes[i];
  }
}

STAGE void select_vm_affinity(struct path *path, struct batch *batch) {
  const uint32_t nic = batch->vm % path->nics;
  for (uint32_t i = 0; i < batch->count; i++) {
    batch->nic[i] = (uint8_t)nic;
    path->nic[nic].pending_bytes += batch->bytes[i];
  }
}

STAGE void select_active_backup(struct path *path, struct batch *batch) {
  uint32_t nic = 0;
  while (nic + 1 < path->nics && !path->nic[nic].up) nic++;
  for (uint32_t i = 0; i < batch->count; i++) {
    batch->nic[i] = (uint8_t)nic;
    path->nic[nic].pending_bytes += batch->bytes[i];
  }
}

/* send: onto the NIC's ring, and the accounts. */
static inline __attribute__((always_inline)) void send_batch(struct path *path, struct batch *batch, bool two_cores) {
  struct vm *vm = &path->vm[batch->vm];
  uint64_t sent_frames = 0, sent_bytes = 0;
  for (uint32_t i = 0; i < batch->count; i++) {
    const uint32_t bytes = batch->bytes[i], slot = batch->descriptor[i] >> 11;
    if (batch->verdict[i] != ADMIT) {
      if (batch->verdict[i] == DROP_MAC) vm->dropped_mac++;
      else if (batch->verdict[i] == SWITCH) vm->switched++;
      else vm->dropped_shaping++;
      free_slot(path, slot, two_cores);
      continue;
    }
    struct nic *nic = &path->nic[batch->nic[i]];
    const uint32_t head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
    if (head - nic->ring.tail_seen == RING) {
      nic->ring.tail_seen = atomic_load_explicit(&nic->ring.tail, memory_order_acquire);
      if (head - nic->ring.tail_seen == RING) {
        vm->dropped_ring++;
        nic->pending_bytes -= bytes;
        free_slot(path, slot, two_cores);
        continue;
      }
    }
    nic->ring.entry[head & (RING - 1)] = batch->descriptor[i];
    atomic_store_explicit(&nic->ring.head, head + 1, memory_order_release);
    nic->pending_frames++;
    nic->queued_frames++;
    nic->queued_bytes += bytes;
    sent_frames++;
    sent_bytes += bytes;
  }
  vm->sent_frames += sent_frames;
  vm->sent_bytes += sent_bytes;
}

STAGE void send_one_core(struct path *path, struct batch *batch) { send_batch(path, batch, false); }
STAGE void send_two_cores(struct path *path, struct batch *batch) { send_batch(path, batch, true); }

/* The NIC's side: everything on the ring leaves, `burst` frames at a time. */
static inline __attribute__((always_inline)) void drain(struct path *path, struct nic *nic, uint32_t burst, bool two_cores) {
  struct ring *ring = &nic->ring;
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  while (tail != head) {
    const uint32_t count = head - tail < burst ? head - tail : burst;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t descriptor = ring->entry[tail++ & (RING - 1)];
      bytes += descriptor & (SLOT_BYTES - 1);
      free_slot(path, descriptor >> 11, two_cores);
    }
    nic->pending_bytes -= (int64_t)bytes;
    nic->pending_frames -= count;
    nic->sent_bytes += bytes;
    nic->sent_frames += count;
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
  }
}

#define DRIVER(name, burst) \
  STAGE void name(struct path *path, struct nic *nic, bool two_cores) { \
    if (two_cores) drain(path, nic, burst, true); \
    else drain(path, nic, burst, false); \
  }
DRIVER(driver_all, RING)
DRIVER(driver_256, 256)
DRIVER(driver_128, 128)
DRIVER(driver_64, 64)
DRIVER(driver_32, 32)

static void (*const admission[POLICIES])(struct path *, struct batch *) = {admit_shaping, admit_policer, admit_share, admit_small,
                                                                           admit_all};
static void (*const distribution[POLICIES])(struct path *, struct batch *) = {
    select_pending_load, select_round_robin, select_flow_hash, select_vm_affinity, select_active_backup};
static void (*const driver[POLICIES])(struct path *, struct nic *, bool) = {driver_all, driver_256, driver_128, driver_64,
                                                                            driver_32};

static void drain_nics(struct path *path, bool two_cores) {
  for (uint32_t n = 0; n < path->nics; n++) driver[path->nic[n].driver](path, &path->nic[n], two_cores);
}

uint64_t sweep_staged(struct path *path, bool two_cores) {
  struct batch batch;
  uint64_t frames = 0;
  for (uint32_t v = 0; v < path->vms; v++) {
    batch.vm = v;
    if (classify(path, &batch) == 0) continue;
    admission[path->vm[v].admission](path, &batch);
    distribution[path->vm[v].distribution](path, &batch);
    (two_cores ? send_two_cores : send_one_core)(path, &batch);
    frames += batch.count;
    if (v % VMS_PER_DRAIN == VMS_PER_DRAIN - 1) drain_nics(path, two_cores);
  }
  drain_nics(path, two_cores);
  return frames;
}
