/* Free slots: a magazine per thread, and a depot where threads exchange theirs when it is empty or has no room (Bonwick &
 * Adams 2001). The depot is two lock-free stacks of magazines (Treiber 1986), one of those with slots in them and one of
 * empty ones, with a tag against ABA in the upper half of the head word. A magazine holds the slots of two bursts, so
 * that there is room for a whole one unless it is more than half full. */
#ifndef POOL_H
#define POOL_H

#include <stdatomic.h>
#include <stdint.h>

enum { MAGAZINE = 128, NO_SLOT = 0xffffffff };

struct depot {
  _Alignas(128) _Atomic uint32_t full;
  _Alignas(128) _Atomic uint32_t empty;
  _Alignas(128) uint32_t *next;
  uint32_t *fill;
  uint32_t (*magazine)[MAGAZINE];
};

/* The magazine that a thread holds. */
struct held {
  _Alignas(128) uint32_t magazine;
  uint32_t fill;
};

static inline void push_magazine(struct depot *depot, _Atomic uint32_t *stack, uint32_t magazine) {
  uint32_t head = atomic_load_explicit(stack, memory_order_relaxed), next;
  do {
    depot->next[magazine] = head & 0xffff;
    next = ((head + 0x10000) & 0xffff0000) | (magazine + 1);
  } while (!atomic_compare_exchange_weak_explicit(stack, &head, next, memory_order_release, memory_order_relaxed));
}

/* The number of a magazine, or NO_SLOT when the stack is empty. */
static inline uint32_t pop_magazine(struct depot *depot, _Atomic uint32_t *stack) {
  uint32_t head = atomic_load_explicit(stack, memory_order_acquire), next;
  do {
    if ((head & 0xffff) == 0) return NO_SLOT;
    next = ((head + 0x10000) & 0xffff0000) | depot->next[(head & 0xffff) - 1];
  } while (!atomic_compare_exchange_weak_explicit(stack, &head, next, memory_order_acquire, memory_order_acquire));
  return (head & 0xffff) - 1;
}

/* A slot, or NO_SLOT when there is none. */
static inline uint32_t allocate_slot(struct held *held, struct depot *depot) {
  if (held->fill == 0) {
    const uint32_t loaded = pop_magazine(depot, &depot->full), empty = held->magazine;
    if (loaded == NO_SLOT) return NO_SLOT;
    held->magazine = loaded;
    held->fill = depot->fill[loaded];
    push_magazine(depot, &depot->empty, empty);
  }
  return depot->magazine[held->magazine][--held->fill];
}

/* Exchanges a magazine that is more than half full for an empty one: there is one for every 64 slots, and to spare. */
static inline void unload(struct held *held, struct depot *depot) {
  const uint32_t full = held->magazine;
  depot->fill[full] = held->fill;
  held->magazine = pop_magazine(depot, &depot->empty);
  held->fill = 0;
  push_magazine(depot, &depot->full, full);
}

static inline void free_slot(struct held *held, struct depot *depot, uint32_t slot) {
  if (held->fill == MAGAZINE) unload(held, depot);
  depot->magazine[held->magazine][held->fill++] = slot;
}

/* Where the next slots go: room for a burst, at least. */
static inline uint32_t *room_for_burst(struct held *held, struct depot *depot) {
  if (held->fill > MAGAZINE / 2) unload(held, depot);
  return depot->magazine[held->magazine] + held->fill;
}

#endif
