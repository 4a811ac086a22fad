#!/bin/sh
# l4proxy's launcher for any system that has a JDK 25: JAVA_HOME's, else the java on the PATH.
case $0 in
  */*) self=$0 ;;
  *) self=./$0 ;;
esac
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
home=$(CDPATH='' cd -- "${self%/*}/.." && pwd -P) || exit 1
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# Exactly 25: it has preview features in it.
case $("$java" --version 2> /dev/null) in
  *" 25"[.\ -]*) ;;
  *)
    echo "l4proxy: this package needs a JDK 25, and $java is none: install one (https://adoptium.net) and let JAVA_HOME point to it." >&2
    exit 1
    ;;
esac
# shellcheck disable=SC2086  # L4PROXY_JAVA_OPTS is a list of words
exec "$java" @FLAGS@ ${L4PROXY_JAVA_OPTS:-} --module-path "$home/lib" -m l4proxy/l4proxy.Main "$@"
