/* Sends 64-byte frames on an interface, as fast as sendmmsg goes.
 *
 *   afpacket_send INTERFACE FRAMES BATCH
 *
 * Prints {"framesPerSecond":…}: the median over slices of 1024 frames, so that the time in which another program has the
 * core does not count. */
#include "sender.h"

enum { SLICE = 1024, MAX_SLICES = 65536 };

/* Sends one slice, or a few frames more. Answers the seconds per frame. */
static double send_slice(struct sender *sender) {
  const double start_s = now_s();
  uint32_t sent = 0;
  while (sent < SLICE) sent += send_batch(sender);
  return (now_s() - start_s) / sent;
}

static int ascending(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

int main(int count, char **argument) {
  if (count != 4) {
    fprintf(stderr, "usage: afpacket_send INTERFACE FRAMES BATCH\n");
    return 2;
  }
  static struct sender sender;
  open_sender(&sender, argument[1], (uint32_t)atoi(argument[3]));
  const size_t wanted = strtoull(argument[2], NULL, 10) / SLICE, slices = wanted < MAX_SLICES ? wanted : MAX_SLICES;

  for (size_t i = 0; i < slices / 10; i++) send_slice(&sender);
  static double slice_s[MAX_SLICES];
  for (size_t i = 0; i < slices; i++) slice_s[i] = send_slice(&sender);
  qsort(slice_s, slices, sizeof *slice_s, ascending);
  printf("{\"framesPerSecond\":%.0f}\n", 1 / slice_s[slices / 2]);
  return 0;
}
