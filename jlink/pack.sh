#!/bin/sh
# Packs what a build made: pack.sh JAR MODULES IMAGE ARCHIVE FLAGS, where ARCHIVE is the path of all archives up to the version.
# ARCHIVE-linux-ARCH.tar.gz is the image; ARCHIVE-portable.zip the jars alone, for any system with a JDK 25. A .sha256 lies beside each.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
jar=$1 modules=$2 image=$3 archive=$4 flags=$5
jdk=${TOOLCHAIN_JAVA_HOME:-$("$here/jdk.sh")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

checksum() {
  (CDPATH='' cd -- "$(dirname -- "$1")" && sha256sum "$(basename "$1")") > "$1.sha256"
}

tar=$archive-linux-$(uname -m).tar.gz
tar -C "$(dirname "$image")" --sort=name --owner=0 --group=0 --numeric-owner -czf "$tar" "$(basename "$image")"
checksum "$tar"

portable=$work/$(basename "$archive")
mkdir -p "$portable/bin" "$portable/lib"
install -m 644 "$jar" "$modules"/*.jar "$portable/lib/"
install -m 644 "$here/../LICENSE" "$portable/"
sed "s|@FLAGS@|$flags|" "$here/portable.sh" > "$portable/bin/l4proxy"
sed "s|@FLAGS@|$flags|; s|\$|\r|" "$here/portable.cmd" > "$portable/bin/l4proxy.cmd"
chmod 755 "$portable/bin/l4proxy" "$portable/bin/l4proxy.cmd"
"$portable/bin/l4proxy" --version > /dev/null
"$jdk/bin/java" "$here/Zip.java" "$portable" "$archive-portable.zip"
checksum "$archive-portable.zip"
