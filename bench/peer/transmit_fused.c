/* The transmit path in one loop: what a C programmer writes who knows every policy beforehand. */
#include "transmit.h"

static uint32_t run_vm(struct path *path, uint32_t v) {
  struct vm *vm = &path->vm[v];
  struct ring *ring = &vm->ring;
  const uint32_t backlog = waiting(ring), count = backlog < BATCH ? backlog : BATCH;
  if (count == 0) return 0;
  const uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  refill(&vm->average, vm->limit_bps, vm->burst_bytes, path->now_ns);
  refill(&vm->peak, vm->peak_bps, PEAK_BURST_BYTES, path->now_ns);
  sort_nics(path);

  int32_t average = vm->average.tokens, peak = vm->peak.tokens;
  uint32_t last_low = path->last_low, last_high = path->last_high;
  uint32_t chosen = 0, current = path->order[0];
  int32_t budget = nic_budget(path, 0), left = budget;
  uint64_t sent_frames = 0, sent_bytes = 0;
  struct nic *nic = &path->nic[current];
  uint32_t nic_head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
  uint64_t nic_frames = 0, nic_bytes = 0;

  for (uint32_t i = 0; i < count; i++) {
    const uint32_t descriptor = vm->entry[(tail + i) & (VM_RING - 1)];
    const uint32_t bytes = descriptor & (SLOT_BYTES - 1), slot = descriptor >> 11;
    if (slot >= path->slots || bytes < HEADER_BYTES) {
      vm->dropped_mac++;
      continue;
    }
    const uint8_t *frame = path->frames + (uint64_t)slot * SLOT_STRIDE;
    const uint32_t destination_high = *(const uint16_t *)(frame + 2), destination_low = *(const uint32_t *)(frame + 4);
    if (*(const uint32_t *)(frame + 8) != vm->mac_low || *(const uint16_t *)(frame + 12) != vm->mac_high) {
      vm->dropped_mac++;
      free_slot(&path->consumer, &path->depot, slot);
      continue;
    }
    if (destination_low != last_low || destination_high != last_high) {
      last_low = destination_low;
      last_high = destination_high;
      path->last_local = mac_is_local(path, destination_low, destination_high);
    }
    if (path->last_local) {
      vm->switched++;
      free_slot(&path->consumer, &path->depot, slot);
      continue;
    }
    if (average < (int32_t)bytes || peak < 0) {
      vm->dropped_shaping++;
      free_slot(&path->consumer, &path->depot, slot);
      continue;
    }
    average -= (int32_t)bytes;
    peak -= (int32_t)bytes;
    if (left <= 0) {
      const double us = path->finish_us[chosen] + (double)(budget - left) * path->us_per_byte[current];
      insert_nic(path, chosen + 1, chosen + path->nics, current, us);
      nic->pending_bytes += (int64_t)nic_bytes;
      nic->pending_frames += (int64_t)nic_frames;
      nic->queued_bytes += nic_bytes;
      nic->queued_frames += nic_frames;
      atomic_store_explicit(&nic->ring.head, nic_head, memory_order_release);
      current = path->order[++chosen];
      left = budget = nic_budget(path, chosen);
      nic = &path->nic[current];
      nic_head = atomic_load_explicit(&nic->ring.head, memory_order_relaxed);
      nic_frames = nic_bytes = 0;
    }
    left -= (int32_t)bytes;
    if (nic_head - nic->ring.tail_seen == NIC_RING) {
      nic->ring.tail_seen = atomic_load_explicit(&nic->ring.tail, memory_order_acquire);
      if (nic_head - nic->ring.tail_seen == NIC_RING) {
        vm->dropped_ring++;
        free_slot(&path->consumer, &path->depot, slot);
        continue;
      }
    }
    nic->entry[nic_head++ & (NIC_RING - 1)] = descriptor;
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
  vm->average.tokens = average;
  vm->peak.tokens = peak;
  vm->sent_frames += sent_frames;
  vm->sent_bytes += sent_bytes;
  vm->backlog = backlog - count;
  path->last_low = last_low;
  path->last_high = (uint16_t)last_high;
  path->order[chosen + path->nics] = current; /* last among equals at the next batch */
  path->order_head = chosen + 1;
  atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
  return count;
}

/* A driver that takes every frame at once: the path ends at what it would be given. */
static uint32_t send_all(const struct burst *burst) { return burst->count; }

static void drain_nics(struct path *path) {
  static struct burst burst;
  for (struct nic *nic = path->nic; nic < path->nic + path->nics; nic++) {
    for (;;) {
      const uint32_t tail = atomic_load_explicit(&nic->ring.tail, memory_order_relaxed);
      const uint32_t queued = atomic_load_explicit(&nic->ring.head, memory_order_acquire) - tail;
      if (queued == 0) break;
      const uint64_t bytes = list_burst(path, nic, &burst, tail, queued < BURST ? queued : BURST);
      finish_burst(path, nic, &burst, send_all(&burst), bytes);
    }
  }
}

uint64_t sweep_fused(struct path *path) {
  const uint64_t drain_at = BURST * (path->nics + 1);
  uint64_t frames = 0, since_drain = 0;
  collect(path);
  for (uint32_t word = 0; word < path->doorbell_words; word++) {
    for (uint32_t bits = path->ready[word]; bits != 0; bits &= bits - 1) {
      const uint32_t bit = (uint32_t)__builtin_ctz(bits), v = word * 32 + bit;
      const uint32_t taken = run_vm(path, v);
      if (path->vm[v].backlog == 0) path->ready[word] &= ~(1u << bit);
      frames += taken;
      since_drain += taken;
      if (since_drain < drain_at) continue;
      since_drain = 0;
      drain_nics(path);
    }
  }
  drain_nics(path);
  return frames;
}
