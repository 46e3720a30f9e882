/* The transmit path in stages that are called per batch through function pointers: the shape of a framework whose policies
 * are chosen at run time, in C. Five admission policies, five distributions and five drivers are loaded; which of them a VM
 * or a NIC uses is read from its row, so that no call can be bound beforehand. */
#include "transmit.h"

enum verdict { ADMIT, DROP_BROKEN, DROP_MAC, DROP_SHAPING, SWITCH };

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
  const uint32_t backlog = waiting(ring);
  batch->count = backlog < BATCH ? backlog : BATCH;
  if (batch->count == 0) return 0;
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  for (uint32_t i = 0; i < batch->count; i++) {
    const uint32_t descriptor = vm->entry[(tail + i) & (VM_RING - 1)], slot = descriptor >> 11;
    const uint8_t *frame = path->frames + (uint64_t)slot * SLOT_STRIDE;
    batch->descriptor[i] = descriptor;
    batch->bytes[i] = descriptor & (SLOT_BYTES - 1);
    if (slot >= path->slots || batch->bytes[i] < HEADER_BYTES) {
      batch->verdict[i] = DROP_BROKEN;
      continue;
    }
    const uint32_t destination_high = *(const uint16_t *)(frame + 2), destination_low = *(const uint32_t *)(frame + 4);
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
  vm->backlog = backlog - batch->count;
  return batch->count;
}

/* admit: may it go now? */
STAGE void admit_shaping(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  refill(&vm->average, vm->limit_bps, vm->burst_bytes, path->now_ns);
  refill(&vm->peak, vm->peak_bps, PEAK_BURST_BYTES, path->now_ns);
  int32_t average = vm->average.tokens, peak = vm->peak.tokens;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    const int32_t bytes = (int32_t)batch->bytes[i];
    if (average < bytes || peak < 0) {
      batch->verdict[i] = DROP_SHAPING;
      continue;
    }
    average -= bytes;
    peak -= bytes;
  }
  vm->average.tokens = average;
  vm->peak.tokens = peak;
}

STAGE void admit_policer(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  refill(&vm->average, vm->limit_bps, vm->burst_bytes, path->now_ns);
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    if (vm->average.tokens < (int32_t)batch->bytes[i]) batch->verdict[i] = DROP_SHAPING;
    else vm->average.tokens -= (int32_t)batch->bytes[i];
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
  sort_nics(path);
  uint32_t head = 0, current = path->order[0];
  int32_t budget = nic_budget(path, 0), left = budget;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (batch->verdict[i] != ADMIT) continue;
    if (left <= 0) {
      const double us = path->finish_us[head] + (double)(budget - left) * path->us_per_byte[current];
      insert_nic(path, head + 1, head + path->nics, current, us);
      current = path->order[++head];
      left = budget = nic_budget(path, head);
    }
    left -= (int32_t)batch->bytes[i];
    batch->nic[i] = (uint8_t)current;
  }
  path->order[head + path->nics] = current; /* last among equals at the next batch */
  path->order_head = head + 1;
}

STAGE void select_round_robin(struct path *path, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) {
    do path->turn = path->turn + 1 < path->nics ? path->turn + 1 : 0;
    while (!path->nic[path->turn].up);
    batch->nic[i] = (uint8_t)path->turn;
  }
}

STAGE void select_flow_hash(struct path *path, struct batch *batch) {
  for (uint32_t i = 0; i < batch->count; i++) batch->nic[i] = (uint8_t)(mac_hash(batch->vm, batch->bytes[i]) % path->nics);
}

STAGE void select_vm_affinity(struct path *path, struct batch *batch) {
  const uint32_t nic = batch->vm % path->nics;
  for (uint32_t i = 0; i < batch->count; i++) batch->nic[i] = (uint8_t)nic;
}

STAGE void select_active_backup(struct path *path, struct batch *batch) {
  uint32_t nic = 0;
  while (nic + 1 < path->nics && !path->nic[nic].up) nic++;
  for (uint32_t i = 0; i < batch->count; i++) batch->nic[i] = (uint8_t)nic;
}

/* send: onto the NIC's ring, and the accounts. */
STAGE void send_batch(struct path *path, struct batch *batch) {
  struct vm *vm = &path->vm[batch->vm];
  uint64_t sent_frames = 0, sent_bytes = 0;
  for (uint32_t i = 0; i < batch->count; i++) {
    const uint32_t bytes = batch->bytes[i], slot = batch->descriptor[i] >> 11;
    if (batch->verdict[i] != ADMIT) {
      if (batch->verdict[i] == DROP_MAC || batch->verdict[i] == DROP_BROKEN) vm->dropped_mac++;
      else if (batch->verdict[i] == SWITCH) vm->switched++;
      else vm->dropped_shaping++;
      if (batch->verdict[i] != DROP_BROKEN) free_slot(&path->consumer, &path->depot, slot);
      continue;
    }
    if ((path->available >> batch->nic[i] & 1) == 0) { /* a policy's word is not taken for it */
      vm->dropped_ring++;
      free_slot(&path->consumer, &path->depot, slot);
      continue;
    }
    struct nic *nic = &path->nic[batch->nic[i]];
    const uint32_t head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
    if (head - nic->ring.tail_seen == NIC_RING) {
      nic->ring.tail_seen = atomic_load_explicit(&nic->ring.tail, memory_order_acquire);
      if (head - nic->ring.tail_seen == NIC_RING) {
        vm->dropped_ring++;
        free_slot(&path->consumer, &path->depot, slot);
        continue;
      }
    }
    nic->entry[head & (NIC_RING - 1)] = batch->descriptor[i];
    atomic_store_explicit(&nic->ring.head, head + 1, memory_order_release);
    nic->pending_bytes += bytes;
    nic->pending_frames++;
    nic->queued_frames++;
    nic->queued_bytes += bytes;
    sent_frames++;
    sent_bytes += bytes;
  }
  vm->sent_frames += sent_frames;
  vm->sent_bytes += sent_bytes;
}

/* Drivers: each says how many frames of a burst it has taken. The path ends at what it would be given. */
STAGE uint32_t driver_all(const struct burst *burst) { return burst->count; }
STAGE uint32_t driver_32(const struct burst *burst) { return burst->count < 32 ? burst->count : 32; }
STAGE uint32_t driver_16(const struct burst *burst) { return burst->count < 16 ? burst->count : 16; }
STAGE uint32_t driver_half(const struct burst *burst) { return (burst->count + 1) / 2; }
STAGE uint32_t driver_small(const struct burst *burst) {
  uint32_t taken = 0;
  while (taken < burst->count && burst->bytes[taken] <= MAX_FRAME_BYTES) taken++;
  return taken;
}

static void (*const admission[POLICIES])(struct path *, struct batch *) = {admit_shaping, admit_policer, admit_share, admit_small,
                                                                           admit_all};
static void (*const distribution[POLICIES])(struct path *, struct batch *) = {
    select_pending_load, select_round_robin, select_flow_hash, select_vm_affinity, select_active_backup};
static uint32_t (*const driver[POLICIES])(const struct burst *) = {driver_all, driver_32, driver_16, driver_half, driver_small};

/* The NIC's side: everything on the ring leaves, a burst at a time. */
STAGE void drain_nics(struct path *path) {
  static struct burst burst;
  for (struct nic *nic = path->nic; nic < path->nic + path->nics; nic++) {
    for (;;) {
      const uint32_t tail = atomic_load_explicit(&nic->ring.tail, memory_order_relaxed);
      const uint32_t queued = atomic_load_explicit(&nic->ring.head, memory_order_acquire) - tail;
      if (queued == 0) break;
      const uint64_t bytes = list_burst(path, nic, &burst, tail, queued < BURST ? queued : BURST);
      finish_burst(path, nic, &burst, driver[nic->driver](&burst), bytes);
    }
  }
}

uint64_t sweep_staged(struct path *path) {
  const uint64_t drain_at = BURST * (path->nics + 1);
  struct batch batch;
  uint64_t frames = 0, since_drain = 0;
  collect(path);
  for (uint32_t word = 0; word < path->doorbell_words; word++) {
    for (uint32_t bits = path->ready[word]; bits != 0; bits &= bits - 1) {
      const uint32_t bit = (uint32_t)__builtin_ctz(bits);
      batch.vm = word * 32 + bit;
      if (classify(path, &batch) > 0) {
        admission[path->vm[batch.vm].admission](path, &batch);
        distribution[path->vm[batch.vm].distribution](path, &batch);
        send_batch(path, &batch);
      }
      if (path->vm[batch.vm].backlog == 0) path->ready[word] &= ~(1u << bit);
      frames += batch.count;
      since_drain += batch.count;
      if (since_drain < drain_at) continue;
      since_drain = 0;
      drain_nics(path);
    }
  }
  drain_nics(path);
  return frames;
}
