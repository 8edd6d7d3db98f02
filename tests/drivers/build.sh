#!/usr/bin/env bash
# Make build/drivers/{vmlinuz,initrd.gz}: a Debian kernel with i2c-stub and the real ina2xx, ina3221 and test_power.
# Debian's kernels come without these three, so they are built from its kernel source against its headers.
set -euo pipefail
cd "$(dirname "$0")/../.."
source=$PWD/tests/drivers
out=$PWD/build/drivers
stamp=$out/.built-$(cat "$source/build.sh" "$source/init.sh" | sha256sum | cut -c1-16)
[ ! -e "$stamp" ] || exit 0

# In the order of loading: the host's files over 9p, the bus, the chips.
modules=(
  drivers/virtio/{virtio_ring,virtio,virtio_pci_legacy_dev,virtio_pci_modern_dev,virtio_pci}
  fs/netfs/netfs fs/fscache/fscache net/9p/{9pnet,9pnet_virtio} fs/9p/9p drivers/i2c/{i2c-dev,i2c-stub}
)
drivers=(drivers/hwmon/ina2xx drivers/hwmon/ina3221 drivers/power/supply/test_power)

rm -rf "$out"
mkdir -p "$out"/{deb,source,headers,initrd/bin,initrd/modules}
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq   # a kernel in an old index can no longer be fetched
image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
release=${image#linux-image-}
series=$(cut -d. -f1,2 <<<"$release")
echo "drivers: building modules for $release"
(cd "$out/deb" && apt-get download -qq -o APT::Sandbox::User=root "$image" "linux-headers-$release" "linux-headers-${release%-amd64}-common" \
  "linux-kbuild-$series" "linux-source-$series")

unpacked=(./boot/vmlinuz-"$release")
for module in "${modules[@]}"; do unpacked+=("./lib/modules/$release/kernel/$module.ko"); done
dpkg-deb --fsys-tarfile "$out"/deb/linux-image-*.deb | tar x -C "$out/deb" "${unpacked[@]}"
for package in "$out"/deb/linux-{headers,kbuild}-*.deb; do dpkg-deb -x "$package" "$out/headers"; done
sources=()
for driver in "${drivers[@]}"; do sources+=("linux-source-$series/$driver.c"); done
dpkg-deb --fsys-tarfile "$out"/deb/linux-source-*.deb | tar xO "./usr/src/linux-source-$series.tar.xz" |
  tar xJ -C "$out/source" --transform 's|.*/||' "${sources[@]}"

headers=$out/headers/usr/src/linux-headers-$release
sed -i "s|/usr/src/|$out/headers/usr/src/|" "$headers/Makefile"   # unpacked here, not installed
printf 'obj-m :=' >"$out/source/Makefile"
for driver in "${drivers[@]}"; do printf ' %s.o' "${driver##*/}" >>"$out/source/Makefile"; done
make -s -C "$headers" M="$out/source" modules >"$out/make.log" 2>&1 || { cat "$out/make.log" >&2; exit 1; }

for module in "${modules[@]}"; do
  cp "$out/deb/lib/modules/$release/kernel/$module.ko" "$out/initrd/modules/"
  echo "${module##*/}" >>"$out/initrd/modules/order"
done
for driver in "${drivers[@]}"; do
  cp "$out/source/${driver##*/}.ko" "$out/initrd/modules/"
  echo "${driver##*/}" >>"$out/initrd/modules/order"
done
cp "$(command -v busybox)" "$out/initrd/bin/busybox"
install -m 755 "$source/init.sh" "$out/initrd/init"
(cd "$out/initrd" && find . | busybox cpio -o -H newc | gzip -1) >"$out/initrd.gz"
mv "$out/deb/boot/vmlinuz-$release" "$out/vmlinuz"
rm -rf "$out"/{deb,source,headers,initrd}
touch "$stamp"
