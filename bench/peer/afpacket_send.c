/* Sends 64-byte frames on an interface, as fast as sendmmsg goes.
 *
 *   afpacket_send INTERFACE FRAMES BATCH
 *
 * Prints {"framesPerSecond":…}. */
#include "sender.h"

int main(int count, char **argument) {
  if (count != 4) {
    fprintf(stderr, "usage: afpacket_send INTERFACE FRAMES BATCH\n");
    return 2;
  }
  static struct sender sender;
  open_sender(&sender, argument[1], (uint32_t)atoi(argument[3]));
  const uint64_t frames = strtoull(argument[2], NULL, 10), warm = frames / 10;

  uint64_t sent = 0;
  while (sent < warm) sent += send_batch(&sender);
  const double start_s = now_s();
  uint64_t measured = 0;
  while (measured < frames) measured += send_batch(&sender);
  printf("{\"framesPerSecond\":%.0f}\n", (double)measured / (now_s() - start_s));
  return 0;
}
