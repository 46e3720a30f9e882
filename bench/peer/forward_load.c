/* Loads whatever forwards from one interface to another, and counts what arrives there.
 *
 *   forward_load FROM SINK SECONDS BATCH CPU
 *
 * Sends on FROM as fast as sendmmsg goes, pinned to CPU, and reads how many frames SINK has received: after a quarter of
 * the time, when the forwarder has warmed up, and at the end. The load is open: what the forwarder does not manage is lost
 * in front of it. Prints {"framesPerSecond":…,"offeredPerSecond":…}. */
#include "sender.h"

#include <ifaddrs.h>
#include <linux/if_link.h>

/* Counters of 32 bits: differences are right while less than 2^32 frames lie between. */
static uint32_t received(const char *interface) {
  struct ifaddrs *all, *one;
  uint32_t frames = 0;
  if (getifaddrs(&all) != 0) {
    perror("getifaddrs");
    exit(2);
  }
  for (one = all; one != NULL; one = one->ifa_next) {
    if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_PACKET || strcmp(one->ifa_name, interface) != 0) continue;
    frames = ((const struct rtnl_link_stats *)one->ifa_data)->rx_packets;
  }
  freeifaddrs(all);
  return frames;
}

int main(int count, char **argument) {
  if (count != 6 || if_nametoindex(argument[2]) == 0) {
    fprintf(stderr, "usage: forward_load FROM SINK SECONDS BATCH CPU\n");
    return 2;
  }
  static struct sender sender;
  open_sender(&sender, argument[1], (uint32_t)atoi(argument[4]));
  const double seconds = atof(argument[3]);
  pin(atoi(argument[5]));

  const double open_s = now_s();
  while (now_s() - open_s < seconds / 4) send_batch(&sender);
  uint64_t offered = 0;
  const uint32_t before = received(argument[2]);
  const double start_s = now_s();
  while (now_s() - open_s < seconds) offered += send_batch(&sender);
  const double elapsed_s = now_s() - start_s;
  const uint32_t arrived = received(argument[2]) - before;
  printf("{\"framesPerSecond\":%.0f,\"offeredPerSecond\":%.0f}\n", arrived / elapsed_s, (double)offered / elapsed_s);
  return 0;
}
