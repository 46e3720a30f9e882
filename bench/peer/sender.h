/* A socket that sends 64-byte frames on an interface, a batch per sendmmsg: what afpacket_send and forward_load share. It
 * does what a driver must: a slot and a header per frame, and a look at how many frames the kernel took. */
#ifndef SENDER_H
#define SENDER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FRAME_BYTES = 64, SLOT_BYTES = 2048, SLOTS = 1024, MAX_BATCH = 256 };

struct sender {
  int fd;
  uint32_t batch, next;
  uint8_t slot[SLOTS][SLOT_BYTES];
  struct mmsghdr message[MAX_BATCH];
  struct iovec vector[MAX_BATCH];
};

static inline double now_s(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static inline void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) perror("sched_setaffinity");
}

static inline void open_sender(struct sender *sender, const char *interface, uint32_t batch) {
  memset(sender, 0, sizeof *sender);
  sender->batch = batch;
  sender->fd = socket(AF_PACKET, SOCK_RAW, 0); /* protocol 0: nothing is received */
  const int bypass = 1; /* past the kernel's traffic control, as the af-packet driver's default is */
  setsockopt(sender->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
  if (batch < 1 || batch > MAX_BATCH || sender->fd < 0 || address.sll_ifindex == 0 ||
      bind(sender->fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror(interface);
    exit(2);
  }
  for (uint32_t s = 0; s < SLOTS; s++) {
    /* 0x88b5 is a local experimental type (IEEE 802): the sink's kernel knows no protocol for it. */
    const uint8_t header[14] = {0x02, 0x47, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 1, 0x88, 0xb5};
    memcpy(sender->slot[s], header, sizeof header);
  }
  for (uint32_t i = 0; i < batch; i++) {
    sender->message[i].msg_hdr.msg_iov = &sender->vector[i];
    sender->message[i].msg_hdr.msg_iovlen = 1;
  }
}

/* One batch. Answers the frames that the kernel took. */
static inline uint32_t send_batch(struct sender *sender) {
  for (uint32_t i = 0; i < sender->batch; i++) {
    sender->vector[i].iov_base = sender->slot[(sender->next + i) % SLOTS];
    sender->vector[i].iov_len = FRAME_BYTES;
  }
  const int taken = sendmmsg(sender->fd, sender->message, sender->batch, 0);
  if (taken < 0) {
    if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) return 0;
    perror("sendmmsg");
    exit(1);
  }
  sender->next += (uint32_t)taken;
  return (uint32_t)taken;
}

#endif
