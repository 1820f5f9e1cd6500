#!/bin/sh
# Becomes process 1 of a testbed host: mounts its root, leaves the machine's behind, and starts sshd.
#
# Runs in network, mount, pid, uts and ipc namespaces of its own, so whatever it mounts or starts ends with it.
# Usage: host.sh ROOTFS FOLDER NAME. FOLDER holds files/, the host's own files, and disk.ext4, all that it may write.
set -eu
umask 022
rootfs=$1 name=$3
cd "$2"

hostname "$name"
mkdir -p rootfs disk root
mount --bind "$rootfs" rootfs # a path without the characters that mean something in an overlay's options
mount -o loop disk.ext4 disk
mkdir -p disk/upper disk/work
mount -t overlay -o lowerdir=files:rootfs,upperdir=disk/upper,workdir=disk/work overlay root

cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=0755,size=1m dev dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=0755 run run
mkdir run/sshd
mkdir -m 1777 run/lock

pivot_root . mnt
# shellcheck disable=SC2016 # for the shell of the new root to expand
exec chroot . /bin/sh -euc '
umount --lazy /mnt
# As update-ca-certificates would; that looks at all the others, too, and takes a second.
find /usr/local/share/ca-certificates -name "*.crt" | while read -r certificate; do
  { cat "$certificate"; echo; } >>/etc/ssl/certs/ca-certificates.crt
  ln -sf "$certificate" "/etc/ssl/certs/$(openssl x509 -noout -subject_hash -in "$certificate").0"
done
/usr/sbin/sshd
exec tini -- sleep infinity
'
