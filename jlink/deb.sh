#!/bin/sh
# Makes a Debian package of the image: deb.sh IMAGE VERSION FILE, where FILE is the package, l4proxy_VERSION_ARCH.deb in most cases.
# Needs dpkg-deb. No service is enabled or started by it: a machine may be a server's, a client's, or a person's.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
image=$(CDPATH='' cd -- "$1" && pwd) version=$2 file=$3
dist=$here/../src/dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$(dpkg --print-architecture) ;;
esac
umask 022

mkdir -p "$root/usr/lib" "$root/usr/bin" "$root/etc/l4proxy"
cp -R "$image" "$root/usr/lib/l4proxy"
chmod -R u=rwX,go=rX "$root/usr/lib/l4proxy"
ln -s ../lib/l4proxy/bin/l4proxy "$root/usr/bin/l4proxy"

put() {
  mkdir -p "$root/$(dirname "$2")"
  cat "$1" > "$root/$2"
}
for unit in l4proxy-server.service l4proxy-client@.service; do
  put "$dist/$unit" "usr/lib/systemd/system/$unit"
done
mkdir -p "$root/usr/lib/sysctl.d"
cat > "$root/usr/lib/sysctl.d/50-l4proxy.conf" << 'END'
# Who waits at a listener while another process takes its port over goes on at that one.
-net.ipv4.tcp_migrate_req = 1
END
say() {
  "$image/bin/l4proxy" "$@" > "$work/said"
}
say man
gzip -9nf "$work/said"
put "$work/said.gz" usr/share/man/man1/l4proxy.1.gz
say completion bash
put "$work/said" usr/share/bash-completion/completions/l4proxy
say completion zsh
put "$work/said" usr/share/zsh/vendor-completions/_l4proxy
say completion fish
put "$work/said" usr/share/fish/vendor_completions.d/l4proxy.fish
gzip -9nc "$here/../CHANGELOG.md" > "$work/changelog"
put "$work/changelog" usr/share/doc/l4proxy/changelog.gz
{
  echo "l4proxy is under the Apache License, Version 2.0, found in /usr/share/common-licenses/Apache-2.0."
  echo "The Java runtime in it has its own terms in /usr/lib/l4proxy/legal."
} > "$work/copyright"
put "$work/copyright" usr/share/doc/l4proxy/copyright

mkdir "$root/DEBIAN"
cat > "$root/DEBIAN/control" << END
Package: l4proxy
Version: $version
Architecture: $arch
Maintainer: l4proxy maintainers <l4proxy@example.org>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: libc6 (>= 2.17)
Recommends: systemd
Section: net
Priority: optional
Description: reach a TCP service behind NAT or a firewall
 A server on the internet, a client next to the service, every connection
 encrypted and none lost that could be kept. With a Java runtime of its own.
END
cat > "$root/DEBIAN/postinst" << 'END'
#!/bin/sh
set -e
# $2: the version that was there before an upgrade.
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  sysctl -q -p /usr/lib/sysctl.d/50-l4proxy.conf || true
  systemctl daemon-reload
  if [ -n "$2" ]; then
    # What runs is replaced and refuses nobody meanwhile, the server first; the units say how.
    trap 'rm -f /run/l4proxy-upgrade' EXIT
    trap 'exit 1' INT TERM
    touch /run/l4proxy-upgrade
    main() { systemctl show --value --property=MainPID "$1" || echo unknown; }
    for unit in $(systemctl list-units --plain --no-legend --state=active l4proxy-server.service 'l4proxy-client@*.service' |
      cut -d ' ' -f 1 | sort -r); do
      before=$(main "$unit") left=0
      if systemctl reload "$unit"; then
        left=30 # seconds: a server that is busy takes its time
      fi
      while [ $left -gt 0 ] && [ "$(main "$unit")" = "$before" ]; do
        sleep 1
        left=$((left - 1))
      done
      [ $left -gt 0 ] || echo "$unit goes on with the version before; why, says journalctl -u $unit"
    done
  fi
fi
END
cat > "$root/DEBIAN/prerm" << 'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl stop l4proxy-server.service 'l4proxy-client@*.service'
  systemctl disable --quiet l4proxy-server.service 'l4proxy-client@.service'
fi
END
cat > "$root/DEBIAN/postrm" << 'END'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
rm -f /run/l4proxy-upgrade
# What the services were told, and their state: keys, ports that clients had; and who was there.
if [ "$1" = purge ]; then
  rm -rf /etc/l4proxy /var/lib/private/l4proxy /var/lib/private/l4proxy-client /var/lib/l4proxy-client
  rm -rf /var/log/private/l4proxy
  for link in /var/lib/l4proxy /var/log/l4proxy; do
    [ ! -L $link ] || rm -f $link
  done
fi
END
chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
# The modules are compressed already: xz would take ten times as long for little.
dpkg-deb --root-owner-group -Zgzip -z5 --build "$root" "$file" > /dev/null
