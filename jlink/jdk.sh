#!/bin/sh
# Prints the home of a JDK 25: JAVA_HOME, else the PATH's, else one in the usual folders; else says what to install.
set -u

try() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/jlink" ] || return 0
  if grep -qE '^JAVA_VERSION="25[".]' "$1/release" 2> /dev/null; then
    printf '%s\n' "$1"
    exit 0
  fi
}

try "${JAVA_HOME:-}"
if javac=$(command -v javac); then
  try "$(dirname "$(dirname "$(readlink -f "$javac")")")"
fi
for home in /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /opt/java/* /opt/*jdk* \
  "${HOME:-/root}"/.sdkman/candidates/java/* "${HOME:-/root}"/.jdks/* \
  /Library/Java/JavaVirtualMachines/*/Contents/Home; do
  try "$home"
done
echo "l4proxy is built with JDK 25, and none was found: install one (Debian, Ubuntu: openjdk-25-jdk; else https://adoptium.net) and, if it is not under /usr/lib/jvm, let JAVA_HOME point to it." >&2
exit 1
