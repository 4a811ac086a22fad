#!/bin/sh
# Builds the image, a Java runtime with l4proxy in it: image.sh JAR MODULES IMAGE [ARCHIVE]
# Called by the build, with the JDK 25 in TOOLCHAIN_JAVA_HOME. ARCHIVE is the packed image's path up to its version (pack.sh).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
jar=$1 modules=$2 image=$3 archive=${4:-}
jdk=${TOOLCHAIN_JAVA_HOME:-$("$here/jdk.sh")}

# Built beside the old image and moved at the end: what is there is complete.
new=$image.new
rm -rf "$new" "$image.old"

# What every start gets. No ExitOnOutOfMemoryError: one connection's failure is not the server's.
# A young generation keeps a busy proxy small: what it allocates lives for a connection or not at all. In 4 MB of it all that 64
# users at a time have does not fit, and grows old: 2 KB a connection. So it becomes 16 MB at the first full collection (the
# increase for each thread that is no daemon is for that), which net/Heap makes when there is something to do; an idle process
# needs no more than 4. What is free after a full collection goes back to the system at once.
# Trimming gives what the compiler used at the start back to the system: 10 MB of an idle server.
# One carrier, until the program has found out what the machine and the traffic are: net/Carriers.
flags="--enable-preview -Djdk.virtualThreadScheduler.parallelism=1 -XX:+UseSerialGC -Xms8m -XX:NewSize=4m -XX:MaxNewSize=16m"
flags="$flags -XX:NewSizeThreadIncrease=16m -XX:-ShrinkHeapInSteps -XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=30"
# Of Linux alone, and of the image's own archive of classes.
image_flags="-XX:TrimNativeHeapInterval=1000 -Xlog:cds=off -Xlog:aot=off"

# The list of classes is for the default archive, whose place the one of train.sh takes.
# What sorts arrays with AVX-512 is of no use here, and the JVM does without it.
# Not --strip-debug: it needs objcopy, and stack traces lose their line numbers.
"$jdk/bin/jlink" --module-path "$jar:$modules" --add-modules l4proxy \
  --no-header-files --no-man-pages --compress=zip-9 --exclude-files='**/cacerts,**/jexec,**/jrt-fs.jar,**/classlist,**/libsimdsort.so' \
  --add-options="$flags $image_flags" --output "$new"
"$jdk/bin/java" "$here/DropSymbols.java" "$new/lib/server/libjvm.so"
"$here/train.sh" "$new"
install -m 755 "$here/l4proxy.sh" "$new/bin/l4proxy"
"$new/bin/l4proxy" --version > /dev/null

[ ! -e "$image" ] || mv "$image" "$image.old"
mv "$new" "$image"
rm -rf "$image.old"

[ -z "$archive" ] || "$here/pack.sh" "$jar" "$modules" "$image" "$archive" "$flags"
