/* How long a frame is on its way through a host that was asleep.
 *
 *   wake_probe out|in SOCKET INTERFACE TRIES
 *
 *   out   the guest behind SOCKET sends (a length in four bytes, big-endian, and the frame); it is read at INTERFACE
 *   in    a frame is sent on INTERFACE; the guest reads it from SOCKET
 *
 * INTERFACE is the far end of the host's NIC. The host has some 20 to 60 ms of rest before each try. Prints
 * {"medianUs":…,"worstUs":…}, the probe's own way through the kernel and its own waking included. */
#include "sender.h"

#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

enum { PREFIX_BYTES = 4, MAX_TRIES = 10000, REST_US = 20000, MORE_REST_US = 40000, PATIENCE_MS = 1000 };

static const uint8_t beyond[6] = {0x02, 0x47, 0, 0, 0, 1}, guest[6] = {0x52, 0x54, 0, 0, 0, 1};

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static int connect_guest(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail(path);
  return fd;
}

static int open_wire(const char *interface) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
  setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  if (fd < 0 || address.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) fail(interface);
  return fd;
}

/* Sends one frame into `from` and answers the microseconds until `to` has it. */
static double try_once(int from, const uint8_t *bytes, size_t length, int to) {
  uint8_t got[SLOT_BYTES];
  struct pollfd readable = {.fd = to, .events = POLLIN};
  const double start_s = now_s();
  if (write(from, bytes, length) != (ssize_t)length) fail("write");
  if (poll(&readable, 1, PATIENCE_MS) != 1) {
    fprintf(stderr, "wake_probe: the frame did not come within %d ms\n", PATIENCE_MS);
    exit(1);
  }
  const double took_us = (now_s() - start_s) * 1e6;
  if (read(to, got, sizeof got) < FRAME_BYTES) fail("read");
  return took_us;
}

static int ascending(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

int main(int count, char **argument) {
  const int tries = count == 5 ? atoi(argument[4]) : 0;
  if (tries < 1 || tries > MAX_TRIES) {
    fprintf(stderr, "usage: wake_probe out|in SOCKET INTERFACE TRIES\n");
    return 2;
  }
  const int out = strcmp(argument[1], "out") == 0;
  const int stream = connect_guest(argument[2]), wire = open_wire(argument[3]);
  uint8_t bytes[PREFIX_BYTES + FRAME_BYTES] = {0, 0, 0, FRAME_BYTES};
  uint8_t *frame = bytes + PREFIX_BYTES;
  memcpy(frame, out ? beyond : guest, 6);
  memcpy(frame + 6, out ? guest : beyond, 6);
  frame[12] = 0x88;
  frame[13] = 0xb5;

  static double took_us[MAX_TRIES];
  srand(1);
  for (int i = 0; i < tries; i++) {
    usleep(REST_US + (unsigned)rand() % MORE_REST_US);
    took_us[i] = out ? try_once(stream, bytes, sizeof bytes, wire) : try_once(wire, frame, FRAME_BYTES, stream);
  }
  qsort(took_us, (size_t)tries, sizeof *took_us, ascending);
  printf("{\"medianUs\":%.1f,\"worstUs\":%.1f}\n", took_us[tries / 2], took_us[tries - 1]);
  return 0;
}
