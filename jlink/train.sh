#!/bin/sh
# Makes starting fast: runs the image once and keeps what the JVM learnt (the AOT cache, JEP 483): train.sh IMAGE
# The cache takes the place of the default archive, so that it needs no flag and is passed over silently if it does not fit.
set -eu
image=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The run to learn from is the demo: a server, a client and a user, so most of what any command needs.
# Classes are kept linked: both ends start in a fifth less time. Profiles of methods (JEP 515), which only a flag at each start
# would use, and which then cost more than they save, are left out.
if ! XDG_CONFIG_HOME=$work "$image/bin/java" -XX:AOTCacheOutput="$image.aot" -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining \
  -m l4proxy/l4proxy.Main demo --once > "$work/log" 2>&1 || [ ! -s "$image.aot" ]; then
  echo "The demo failed in the new image:" >&2
  cat "$work/log" >&2
  exit 1
fi
mv "$image.aot" "$image/lib/server/classes.jsa"
