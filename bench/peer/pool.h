/* Free slots: a stack per thread, and a depot of magazines of 64 that threads exchange when a stack is full or empty
 * (Bonwick & Adams 2001). The depot is two lock-free stacks of magazines (Treiber 1986), one of full and one of empty ones,
 * with a tag against ABA in the upper half of the head word. */
#ifndef POOL_H
#define POOL_H

#include <stdatomic.h>
#include <stdint.h>

enum { MAGAZINE = 64, LOCAL = 2 * MAGAZINE, NO_SLOT = 0xffffffff };

struct depot {
  _Alignas(128) _Atomic uint32_t full;
  _Alignas(128) _Atomic uint32_t empty;
  _Alignas(128) uint32_t *next;
  uint32_t (*magazine)[MAGAZINE];
};

struct local {
  _Alignas(128) uint32_t top;
  uint32_t slot[LOCAL];
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
static inline uint32_t allocate_slot(struct local *local, struct depot *depot) {
  if (local->top == 0) {
    const uint32_t magazine = pop_magazine(depot, &depot->full);
    if (magazine == NO_SLOT) return NO_SLOT;
    for (uint32_t i = 0; i < MAGAZINE; i++) local->slot[i] = depot->magazine[magazine][i];
    local->top = MAGAZINE;
    push_magazine(depot, &depot->empty, magazine);
  }
  return local->slot[--local->top];
}

/* There is an empty magazine for every 64 slots, and to spare. */
static inline void unload(struct local *local, struct depot *depot) {
  const uint32_t magazine = pop_magazine(depot, &depot->empty);
  for (uint32_t i = 0; i < MAGAZINE; i++) depot->magazine[magazine][i] = local->slot[MAGAZINE + i];
  local->top = MAGAZINE;
  push_magazine(depot, &depot->full, magazine);
}

static inline void free_slot(struct local *local, struct depot *depot, uint32_t slot) {
  if (local->top == LOCAL) unload(local, depot);
  local->slot[local->top++] = slot;
}

static inline void free_all(struct local *local, struct depot *depot, const uint32_t *slot, uint32_t count) {
  for (uint32_t done = 0; done < count;) {
    if (local->top == LOCAL) unload(local, depot);
    const uint32_t room = LOCAL - local->top, n = count - done < room ? count - done : room;
    for (uint32_t i = 0; i < n; i++) local->slot[local->top + i] = slot[done + i];
    local->top += n;
    done += n;
  }
}

#endif
