#!/bin/busybox sh
# The guest's first process: load the drivers, run the tests from the host's own files, go.
/bin/busybox mkdir -p /proc /sys /dev /host
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do
  parameters=
  [ "$module" != i2c-stub ] || parameters=chip_addr=0x40,0x41,0x42,0x43,0x44
  insmod "/modules/$module.ko" $parameters || echo "insmod $module failed"
done </modules/order
for word in $(cat /proc/cmdline); do
  case $word in
    bench.root=*) root=${word#*=} ;;
    bench.python=*) python=${word#*=} ;;
  esac
done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host
for folder in proc sys dev; do mount --bind "/$folder" "/host/$folder"; done
# Nothing of the host can be written, hence no cache, no bytecode and no captured output in files.
chroot /host /usr/bin/env -i -C "$root" PATH=/usr/bin:/bin LANG=C.UTF-8 BENCH_GUEST=1 PYTHONPATH="$root" \
  PYTHONDONTWRITEBYTECODE=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 \
  "$python" -m pytest -p pytest_timeout -p no:cacheprovider -s --color=no --junitxml=/dev/ttyS1 tests/drivers
poweroff -f
