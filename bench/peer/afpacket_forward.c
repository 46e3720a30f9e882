/* Forwards every frame from one interface to another, unchanged: recvmmsg, sendmmsg, nothing else. The bound of what a
 * forwarder over AF_PACKET can reach, printed beside the others as a control.
 *
 *   afpacket_forward FROM TO BATCH CPU
 *
 * Says "ready" when it listens, and runs until it is ended. */
#include "sender.h"

int main(int count, char **argument) {
  const uint32_t batch = count == 5 ? (uint32_t)atoi(argument[3]) : 0;
  if (batch < 1 || batch > MAX_BATCH) {
    fprintf(stderr, "usage: afpacket_forward FROM TO BATCH CPU\n");
    return 2;
  }
  static struct sender sender;
  open_sender(&sender, argument[2], batch);
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(argument[1])};
  const int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
  setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  if (fd < 0 || address.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror(argument[1]);
    return 2;
  }
  pin(atoi(argument[4]));
  puts("ready");
  fflush(stdout);

  struct mmsghdr in[MAX_BATCH];
  struct iovec in_vector[MAX_BATCH];
  memset(in, 0, sizeof in);
  for (uint32_t i = 0; i < batch; i++) {
    in_vector[i] = (struct iovec){sender.slot[i], SLOT_BYTES};
    in[i].msg_hdr.msg_iov = &in_vector[i];
    in[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    const int got = recvmmsg(fd, in, batch, MSG_WAITFORONE, NULL);
    if (got < 0 && errno != EINTR) {
      perror("recvmmsg");
      return 1;
    }
    for (int i = 0; i < got; i++) sender.vector[i] = (struct iovec){sender.slot[i], in[i].msg_len};
    for (int sent = 0; sent < got;) {
      const int taken = sendmmsg(sender.fd, sender.message + sent, (unsigned)(got - sent), 0);
      if (taken < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
        perror("sendmmsg");
        return 1;
      }
      if (taken > 0) sent += taken;
    }
  }
}
