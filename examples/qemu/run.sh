#!/usr/bin/env bash
# Two Linux guests in QEMU reach a network over two uplinks, through one Fairlead host. See README.md.
#
#   sudo examples/qemu/run.sh          shows it, and ends
#   sudo examples/qemu/run.sh shell    starts it, and leaves you at guest a's console; "exit" there ends it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
readonly here root
readonly PEER=10.77.0.1 MAC_A=52:54:00:00:00:0a MAC_B=52:54:00:00:00:0b

declare -A control_in control_out
processes=()
host=

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'run.sh: %s\n' "$*" >&2
  exit 1
}

check_parts() {
  local part missing=()
  [ "$(id -u)" = 0 ] || fail 'needs root, for namespaces and raw sockets: sudo examples/qemu/run.sh'
  for part in qemu-system-x86_64:qemu-system-x86 ip:iproute2 ethtool:ethtool iperf3:iperf3 cpio:cpio; do
    command -v "${part%%:*}" >/dev/null || missing+=("${part##*:}")
  done
  [ ${#missing[@]} -eq 0 ] || fail "needs Debian packages: apt-get install ${missing[*]}"
  [ -f "$root/packages/cli/dist/main.js" ] || fail 'Fairlead is not built: run "npm run build" first'
}

tear_down() {
  local pid
  for pid in "${processes[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${processes[@]}"; do wait "$pid" 2>/dev/null || true; done
  ip link del fl-up0 2>/dev/null || true
  ip link del fl-up1 2>/dev/null || true
  ip netns del fl-wire 2>/dev/null || true
  ip netns del fl-peer 2>/dev/null || true
  rm -rf "$here/run"
}

# Runs a command in a namespace; "-" is this one.
within() {
  local namespace=$1
  shift
  if [ "$namespace" = - ]; then "$@"; else ip netns exec "$namespace" "$@"; fi
}

# Offloads are off because frames taken from the cable must have whole checksums; without an address for IPv6 the
# kernel sends nothing of its own over it.
raise_end() {
  within "$1" ethtool -K "$2" rx off tx off sg off tso off gso off gro off >/dev/null
  within "$1" ip link set "$2" addrgenmode none up
}

# cable NAMESPACE DEVICE NAMESPACE DEVICE: a veth pair
cable() {
  within "$1" ip link add name "$2" type veth peer name "$4" netns "$3"
  raise_end "$1" "$2"
  raise_end "$3" "$4"
}

build_network() {
  local port
  ip netns add fl-wire
  ip netns add fl-peer
  cable - fl-up0 fl-wire port0
  cable - fl-up1 fl-wire port1
  cable fl-wire port2 fl-peer eth0
  ip -n fl-wire link add br0 type bridge stp_state 0 forward_delay 0
  for port in port0 port1 port2; do ip -n fl-wire link set "$port" master br0; done
  ip -n fl-wire link set br0 addrgenmode none up
  ip -n fl-peer address add "$PEER/24" dev eth0
  ip netns exec fl-peer iperf3 -s >"$here/run/iperf3.log" 2>&1 &
  processes+=($!)
}

start_host() {
  local waited
  (cd "$here" && exec node "$root/packages/cli/bin/fairlead.mjs" run host.yaml) >"$here/run/fairlead.log" 2>&1 &
  host=$!
  processes+=("$host")
  for waited in {1..100}; do
    if [ -S "$here/run/a.sock" ] && [ -S "$here/run/b.sock" ]; then return; fi
    kill -0 "$host" 2>/dev/null || fail "fairlead ended: $(cat "$here/run/fairlead.log")"
    sleep 0.1
  done
  fail "fairlead did not listen after ${waited} tries: $(cat "$here/run/fairlead.log")"
}

# Ends the host as Ctrl-C would, and prints what it said of its NICs, and its last words.
stop_host() {
  kill -TERM "$host"
  wait "$host" || fail "fairlead ended with status $?: $(tail -n 20 "$here/run/fairlead.log")"
  sed -n -e '/NIC uplink. is /p' -e '/^frames /,$p' "$here/run/fairlead.log"
}

# Prints the command that runs a guest. QEMU is the client of the socket that the qemu-stream device listens on.
guest_command() {
  local name=$1 mac=$2 address=$3
  shift 3
  printf '%s\n' qemu-system-x86_64 -machine pc -accel tcg -m 128M -nodefaults -nographic -no-reboot \
    -kernel "$root/out/guest/vmlinuz" -initrd "$root/out/guest/initramfs.gz" \
    -netdev "stream,id=n0,server=off,addr.type=unix,addr.path=$here/run/$name.sock" \
    -device "virtio-net-pci,netdev=n0,mac=$mac,romfile=" \
    "$@" -append "console=ttyS0 quiet panic=-1 no_timer_check fl.name=$name fl.ip=$address/24${FL_SHELL:+ fl.shell}"
}

start_guest() {
  local name=$1 pipe="$here/run/$1.control" command in out
  mkfifo "$pipe.in" "$pipe.out"
  mapfile -t command < <(guest_command "$@" -serial "file:$here/run/$name.console" \
    -chardev "pipe,id=control,path=$pipe" -serial chardev:control)
  "${command[@]}" </dev/null &
  processes+=($!)
  exec {in}<>"$pipe.in" {out}<>"$pipe.out"
  control_in[$name]=$in
  control_out[$name]=$out
}

# Waits for the guest's "ready: NAME".
await_guest() {
  local line
  read -r -t 60 line <&"${control_out[$1]}" || fail "guest $1 did not boot: $(cat "$here/run/$1.console")"
  echo "$line"
}

# Runs a command in a guest and prints what it wrote; the protocol is described in scripts/guest-image.sh.
in_guest() {
  local name=$1 seconds=$2 status length
  shift 2
  echo "$name\$ $*"
  printf 'run: 0 %s %s\n' "$seconds" "$*" >&"${control_in[$name]}"
  read -r -t $((seconds + 10)) _ _ status length <&"${control_out[$name]}" || fail "guest $name does not answer"
  head -c "$length" <&"${control_out[$name]}"
  return "$status"
}

# How many frames each uplink's cable has carried out of the host so far.
sent() {
  local port
  for port in port0 port1; do
    printf 'uplink%s has sent %s frames\n' "${port#port}" \
      "$(ip netns exec fl-wire cat "/sys/class/net/$port/statistics/rx_packets")"
  done
}

demonstrate() {
  say 'Two guests start'
  start_guest a "$MAC_A" 10.77.0.11
  start_guest b "$MAC_B" 10.77.0.12
  await_guest a
  await_guest b

  say 'Both reach the peer, each over the uplink it is pinned to'
  in_guest a 10 ping -c 3 "$PEER"
  in_guest b 10 ping -c 3 "$PEER"
  sent

  say 'Guest a sends for five seconds: it may use 50 Mbit/s'
  in_guest a 30 iperf3 -c "$PEER" -t 5
  sent

  say "Uplink 0's cable is pulled: guest a goes on over uplink 1"
  ip -n fl-wire link set port0 down
  in_guest a 10 ping -c 5 "$PEER"
  sent
  ip -n fl-wire link set port0 up

  say "Guest b sends for six seconds: uplink 1's cable is pulled after two, and put back after four"
  {
    sleep 2
    ip -n fl-wire link set port1 down
    sleep 2
    ip -n fl-wire link set port1 up
  } &
  in_guest b 30 iperf3 -c "$PEER" -b 20M -t 6
  wait $!
  sent

  say 'The host ends, and says where every frame went'
  stop_host
}

hand_over() {
  local command
  say "Guest a's console; the peer is $PEER, where iperf3 listens. \"exit\" ends it."
  start_guest b "$MAC_B" 10.77.0.12
  mapfile -t command < <(FL_SHELL=1 guest_command a "$MAC_A" 10.77.0.11 \
    -chardev stdio,id=console,signal=off -serial chardev:console -serial null)
  "${command[@]}"
}

check_parts
"$root/scripts/guest-image.sh" "$root/out/guest" >/dev/null
[ ! -e "$here/run" ] || fail "$here/run exists: another run goes on, or one was killed; remove it in that case"
mkdir -p "$here/run"
trap tear_down EXIT
trap 'exit 130' HUP INT TERM
build_network
start_host
case ${1:-} in
  '') demonstrate ;;
  shell) hand_over ;;
  *) fail 'usage: run.sh [shell]' ;;
esac
