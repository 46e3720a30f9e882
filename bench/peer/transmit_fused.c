/* The transmit path in one loop: what a C programmer writes who knows every policy beforehand. */
#include "transmit.h"

static inline __attribute__((always_inline)) uint64_t run_vm(struct path *path, uint32_t v, bool two_cores) {
  struct vm *vm = &path->vm[v];
  struct ring *ring = &vm->ring;
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  if (ring->head_seen == tail) {
    ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (ring->head_seen == tail) return 0;
  }
  const uint32_t waiting = ring->head_seen - tail;
  const uint32_t count = waiting < BATCH ? waiting : BATCH;
  refill(vm, path->now_us);

  double tokens = vm->tokens, peak_tokens = vm->peak_tokens;
  uint32_t last_low = path->last_low, last_high = path->last_high;
  uint32_t current = path->current_nic;
  int32_t left = path->current_left;
  uint64_t sent_frames = 0, sent_bytes = 0;
  struct nic *nic = &path->nic[current];
  uint32_t nic_head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
  uint64_t nic_frames = 0, nic_bytes = 0;

  for (uint32_t i = 0; i < count; i++) {
    const uint32_t descriptor = ring->entry[(tail + i) & (RING - 1)];
    const uint32_t bytes = descriptor & (SLOT_BYTES - 1), slot = descriptor >> 11;
    const uint8_t *frame = path->slots + (uint64_t)slot * SLOT_BYTES;
    const uint32_t destination_high = *(const uint16_t *)(frame + 2), destination_low = *(const uint32_t *)(frame + 4);
    if (*(const uint32_t *)(frame + 8) != vm->mac_low || *(const uint16_t *)(frame + 12) != vm->mac_high) {
      vm->dropped_mac++;
      free_slot(path, slot, two_cores);
      continue;
    }
    if (destination_low != last_low || destination_high != last_high) {
      last_low = destination_low;
      last_high = destination_high;
      path->last_local = mac_is_local(path, destination_low, destination_high);
    }
    if (path->last_local) {
      vm->switched++;
      free_slot(path, slot, two_cores);
      continue;
    }
    if (tokens < bytes || peak_tokens < bytes) {
      vm->dropped_shaping++;
      free_slot(path, slot, two_cores);
      continue;
    }
    tokens -= bytes;
    peak_tokens -= bytes;
    if (left < (int32_t)bytes) {
      nic->pending_bytes += (int64_t)nic_bytes;
      nic->pending_frames += (int64_t)nic_frames;
      nic->queued_bytes += nic_bytes;
      nic->queued_frames += nic_frames;
      atomic_store_explicit(&nic->ring.head, nic_head, memory_order_release);
      current = least_loaded(path);
      left = MAX_FRAME_BYTES;
      nic = &path->nic[current];
      nic_head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
      nic_frames = nic_bytes = 0;
    }
    left -= (int32_t)bytes;
    if (nic_head - nic->ring.tail_seen == RING) {
      nic->ring.tail_seen = atomic_load_explicit(&nic->ring.tail, memory_order_acquire);
      if (nic_head - nic->ring.tail_seen == RING) {
        vm->dropped_ring++;
        free_slot(path, slot, two_cores);
        continue;
      }
    }
    nic->ring.entry[nic_head++ & (RING - 1)] = descriptor;
    nic_frames++;
    nic_bytes += bytes;
    sent_frames++;
    sent_bytes += bytes;
  }

  nic->pending_bytes += (int64_t)nic_bytes;
  nic->pending_frames += (int64_t)nic_frames;
  nic->queued_bytes += nic_bytes;
  nic->queued_frames += nic_frames;
  atomic_store_explicit(&nic->ring.head, nic_head, memory_order_release);
  vm->tokens = tokens;
  vm->peak_tokens = peak_tokens;
  vm->sent_frames += sent_frames;
  vm->sent_bytes += sent_bytes;
  path->last_low = last_low;
  path->last_high = (uint16_t)last_high;
  path->current_nic = current;
  path->current_left = left;
  atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
  return count;
}

static inline __attribute__((always_inline)) void drain_nic(struct path *path, struct nic *nic, bool two_cores) {
  struct ring *ring = &nic->ring;
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  uint64_t bytes = 0;
  for (uint32_t at = tail; at != head; at++) {
    const uint32_t descriptor = ring->entry[at & (RING - 1)];
    bytes += descriptor & (SLOT_BYTES - 1);
    free_slot(path, descriptor >> 11, two_cores);
  }
  nic->pending_bytes -= (int64_t)bytes;
  nic->pending_frames -= head - tail;
  nic->sent_bytes += bytes;
  nic->sent_frames += head - tail;
  atomic_store_explicit(&ring->tail, head, memory_order_release);
}

static inline __attribute__((always_inline)) uint64_t sweep(struct path *path, bool two_cores) {
  uint64_t frames = 0;
  for (uint32_t v = 0; v < path->vms; v++) {
    frames += run_vm(path, v, two_cores);
    if (v % VMS_PER_DRAIN != VMS_PER_DRAIN - 1) continue;
    for (uint32_t n = 0; n < path->nics; n++) drain_nic(path, &path->nic[n], two_cores);
  }
  for (uint32_t n = 0; n < path->nics; n++) drain_nic(path, &path->nic[n], two_cores);
  return frames;
}

uint64_t sweep_fused(struct path *path, bool two_cores) { return two_cores ? sweep(path, true) : sweep(path, false); }
