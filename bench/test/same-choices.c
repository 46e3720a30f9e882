/* Prints which VMs' frames the path in C, fused or staged, has put on each NIC in each sweep: see same-choices.test.ts. */
#define main measure
#include "../peer/transmit.c"
#undef main

enum { VMS = 9, NICS = 4, TURNS = 60 };

int main(int count, char **argument) {
  static const double speeds_bps[NICS] = {10e9, 25e9, 40e9, 10e9};
  static struct path path;
  uint32_t seen[NICS] = {0};
  uint64_t (*sweep)(struct path *) = count > 1 && strcmp(argument[1], "staged") == 0 ? sweep_staged : sweep_fused;
  make_path(&path, VMS, NICS);
  rotate_policies(&path, 0, false);
  for (uint32_t n = 0; n < NICS; n++) path.nic[n].speed_bps = speeds_bps[n];
  for (uint32_t turn = 1; turn <= TURNS; turn++) {
    uint32_t left = 0;
    for (uint32_t v = 0; v < VMS; v++) {
      const uint32_t batches = v == VMS - 1 ? 4 : (turn * 7 + v * 3) % 4;
      for (uint32_t made = 0; made < batches; made++) left += produce(&path, v);
    }
    path.now_ns = turn * 100000ull;
    while (left > 0) {
      left -= (uint32_t)sweep(&path);
      for (uint32_t n = 0; n < NICS; n++) {
        const uint32_t head = atomic_load(&path.nic[n].ring.head);
        for (; seen[n] != head; seen[n]++) printf(" %u", path.slot_vm[path.nic[n].entry[seen[n] & (NIC_RING - 1)] >> 11]);
        printf("\n");
      }
    }
  }
}
