#!/bin/sh
# l4proxy's launcher: follows symlinks to the image, then becomes its JVM, so that signals reach it.
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
# glibc gives each thread of the JVM an arena to allocate from: two do, and 2 MB of an idle server are saved.
MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
export MALLOC_ARENA_MAX
# shellcheck disable=SC2086  # L4PROXY_JAVA_OPTS is a list of words
exec "$home/bin/java" ${L4PROXY_JAVA_OPTS:-} -m l4proxy/l4proxy.Main "$@"
