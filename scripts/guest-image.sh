#!/usr/bin/env bash
# Builds the small Linux guest of the system tests and examples/qemu from Debian's own packages.
#
#   scripts/guest-image.sh OUTDIR      leaves OUTDIR/vmlinuz and OUTDIR/initramfs.gz, and prints their paths
#
# The kernel is Debian's, unmodified; the root is busybox, iperf3 with its libraries, and the init below. Nothing is
# installed and root is not needed: packages are downloaded and unpacked under OUTDIR/packages. A second run with the
# same script and the same package versions does nothing.
#
# The guest understands on its kernel command line
#   fl.name=a               its host name
#   fl.ip=10.77.0.11/24     the address of eth0 (may be given again)
#   fl.gateway=10.77.0.1    the default route, if it needs one
#   fl.shell                a shell on the first serial port; the guest ends with it
# and answers on its second serial port (the first is the kernel's console), one request a line:
#   guest:  ready: NAME\n
#   host:   run: ID SECONDS COMMAND\n
#   guest:  done: ID STATUS LENGTH\n, then LENGTH bytes, what COMMAND wrote (standard output and error together)
# Requests run beside each other; each is ended after SECONDS, with the status of its signal.
set -euo pipefail

readonly LIBRARIES='/lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libm.so.6
  /usr/lib/x86_64-linux-gnu/libiperf.so.0 /usr/lib/x86_64-linux-gnu/libsctp.so.1
  /usr/lib/x86_64-linux-gnu/libssl.so.3 /usr/lib/x86_64-linux-gnu/libcrypto.so.3'
# Each needs the ones before it; there is no modprobe in the guest to sort them.
readonly MODULES='drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_modern_dev
  drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci net/core/failover drivers/net/net_failover
  drivers/net/virtio_net'
readonly DOWNLOAD_SECONDS=300 UPDATE_SECONDS=120

fail() {
  printf 'guest-image: %s\n' "$*" >&2
  exit 1
}

# Names the packages as name=version, so that a new kernel in the archive is a new input.
wanted_packages() {
  local kernel names
  kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
  [ -n "$kernel" ] || return 1
  names=("$kernel" busybox-static iperf3 libiperf0 libsctp1 libssl3 libc6)
  apt-cache policy "${names[@]}" 2>/dev/null | sed -n -e 's/^\([^ ].*\):$/\1=/p' -e 's/^ *Candidate: //p' |
    paste -d '' - - | grep -v '(none)$' | awk -v wanted="${#names[@]}" '{ print } END { exit NR != wanted }'
}

# Only root may.
update_lists() {
  [ "$(id -u)" = 0 ] && timeout "$UPDATE_SECONDS" apt-get -q update >/dev/null 2>&1
}

download() {
  local packages=$1 directory=$2 wanted
  rm -rf "$directory"
  mkdir -p "$directory"
  mapfile -t wanted <<<"$packages"
  # As root apt would drop to a user that may not write here, and warn of it.
  (cd "$directory" && timeout "$DOWNLOAD_SECONDS" apt-get -q -o APT::Sandbox::User=root download "${wanted[@]}" >apt.log 2>&1)
}

unpack() {
  local package
  mkdir "$1/root"
  for package in "$1"/*.deb; do
    dpkg -x "$package" "$1/root"
  done
}

write_init() {
  cat >"$1" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

while read -r module; do
  insmod "/modules/$module.ko" || echo "guest: cannot load $module"
done </modules/order

ip link set lo up
ip link set eth0 up || echo 'guest: there is no eth0'
for word in $(cat /proc/cmdline); do
  case $word in
    fl.name=*) hostname "${word#fl.name=}" ;;
    fl.ip=*) ip address add "${word#fl.ip=}" dev eth0 ;;
    fl.gateway=*) ip route add default via "${word#fl.gateway=}" ;;
    fl.shell) (setsid cttyhack sh; poweroff -f) & ;;
  esac
done

# Output is kept in a file until it is whole, because its length goes first. One process writes all answers, so that
# two never mix, and so that what a command leaves in the background cannot write between them.
send_answers() {
  while read -r id status <&4; do
    length=$(wc -c <"/tmp/$id")
    echo "done: $id $status $length"
    head -c "$length" "/tmp/$id"
    rm "/tmp/$id" "/tmp/$id.sh"
  done
}

mkfifo /tmp/finished
exec 3<>/dev/ttyS1 4<>/tmp/finished
stty -F /dev/ttyS1 raw -echo
echo "ready: $(hostname)" >&3
send_answers >&3 &
# Not by the shell's own read: it forgets the beginning of a line when a command ends while it reads.
awk '$1 == "run:" {
  file = "/tmp/" $2; seconds = $3; script = file ".sh"; id = $2
  sub(/^run: [0-9]+ [0-9]+ /, "")
  print > script
  close(script)
  system("(timeout " seconds " sh " script " </dev/null >" file " 2>&1; echo " id " $? >&4) &")
}' <&3
poweroff -f
INIT
  chmod 0755 "$1"
}

# Lays out the guest's root and packs it. Times, owners and order are fixed: the same packages give the same image.
pack() {
  local source=$1 tree=$2 image=$3 modules file
  modules=$(echo "$source"/lib/modules/*/kernel)
  [ -d "$modules" ] || fail "expected one kernel in $source/lib/modules, found: $modules"
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,dev,etc,lib64,lib/x86_64-linux-gnu,usr/bin,usr/lib/x86_64-linux-gnu,modules,proc,sys,tmp}
  cp "$source/bin/busybox" "$tree/bin/busybox"
  cp "$source/usr/bin/iperf3" "$tree/bin/iperf3"
  cp -L "$source/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$tree/lib64/"
  for file in $LIBRARIES; do
    cp -L "$source$file" "$tree$file" || fail "Debian's packages no longer hold $file"
  done
  for file in $MODULES; do
    cp "$modules/$file.ko" "$tree/modules/" || fail "Debian's kernel no longer holds the module $file"
    echo "${file##*/}" >>"$tree/modules/order"
  done
  write_init "$tree/init"
  find "$tree" -exec touch -h -d @0 {} +
  (cd "$tree" && find . | LC_ALL=C sort | cpio --quiet --reproducible --owner=0:0 -o -H newc) | gzip -n -6 >"$image"
}

[ $# -eq 1 ] || fail 'usage: scripts/guest-image.sh OUTDIR'
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail 'needs Debian (or a relative with its packages) on amd64'
for tool in apt-get:apt cpio:cpio gzip:gzip sha256sum:coreutils; do
  command -v "${tool%%:*}" >/dev/null || fail "needs ${tool%%:*}: apt-get install ${tool##*:}"
done

mkdir -p "$1"
out=$(cd "$1" && pwd)
# One builder at a time: tests that start together share the image.
exec 9>"$out/.lock"
flock -w 600 9 || fail "another run has held $out/.lock for ten minutes"

if ! [ -f "$out/vmlinuz" ] || ! [ -f "$out/initramfs.gz" ]; then rm -f "$out/inputs"; fi
script=$(sha256sum <"${BASH_SOURCE[0]}")
if packages=$(wanted_packages); then
  lists=old
elif [ "$(head -n 1 "$out/inputs" 2>/dev/null)" = "$script" ]; then
  # Without apt's lists the archive's versions are unknown: what this script has built is good enough to run.
  packages=$(tail -n +2 "$out/inputs")
else
  update_lists || fail 'apt does not know linux-image-cloud-amd64, busybox-static and iperf3: run "apt-get update" as root'
  packages=$(wanted_packages) || fail 'the package archive has no linux-image-cloud-amd64, busybox-static and iperf3'
  lists=new
fi
if [ "$(cat "$out/inputs" 2>/dev/null)" != "$(printf '%s\n%s' "$script" "$packages")" ]; then
  rm -f "$out/inputs"
  if ! download "$packages" "$out/packages"; then
    # Old lists may name versions that the archive no longer has.
    if [ "$lists" = new ] || ! update_lists || ! packages=$(wanted_packages) || ! download "$packages" "$out/packages"; then
      fail "downloading Debian's packages failed: $(tail -n 3 "$out/packages/apt.log" | tr '\n' ' ')"
    fi
  fi
  unpack "$out/packages"
  pack "$out/packages/root" "$out/root" "$out/initramfs.gz"
  cp "$out"/packages/root/boot/vmlinuz-* "$out/vmlinuz"
  rm -rf "$out/packages" "$out/root"
  printf '%s\n%s\n' "$script" "$packages" >"$out/inputs"
fi
printf '%s\n' "$out/vmlinuz" "$out/initramfs.gz"
