package l4proxy.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Linux system that systemd has booted, as in a container: it sees this machine's files and
 * changes copies of its own in memory, and has processes, a network with loopback alone, and a
 * control group apart. None of this machine's services runs in it. {@link #close()} ends all of it;
 * what a test process that died left behind, the next one ends.
 */
public final class Machine implements AutoCloseable {
  private static final Path SYSTEMD = Path.of("/lib/systemd/systemd");
  private static final Pattern NAME = Pattern.compile("l4machine-([0-9]+)-.*");
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(50);

  /** Enters a control group of its own, and leaves the rest to {@link #BOOT}; $1: the group. */
  private static final String ENTER =
      """
      mkdir "$1"
      echo $$ > "$1/cgroup.procs"
      exec unshare --mount --pid --fork --kill-child --net --cgroup --uts --ipc \
        sh -ec "$3" boot "$2"
      """;

  /** Mounts what a system needs in $1, and becomes its first process. */
  private static final String BOOT =
      """
      cd "$1"
      mount -t tmpfs tmpfs .
      cd "$1"
      mkdir upper work root
      mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
      cd root
      mount -t proc proc proc
      mount -t sysfs sysfs sys
      mount -t cgroup2 cgroup2 sys/fs/cgroup
      mount -t tmpfs tmpfs run
      mount -t tmpfs tmpfs tmp
      mount -t tmpfs -o mode=755 tmpfs dev
      mkdir dev/pts dev/shm
      mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
      ln -s pts/ptmx dev/ptmx
      ln -s /proc/self/fd dev/fd
      mknod -m 666 dev/null c 1 3
      mknod -m 666 dev/zero c 1 5
      mknod -m 666 dev/full c 1 7
      mknod -m 666 dev/random c 1 8
      mknod -m 666 dev/urandom c 1 9
      mknod -m 666 dev/tty c 5 0
      rm -rf etc/systemd/system/*.wants var/lib/l4proxy* var/lib/private/l4proxy* etc/l4proxy
      ln -sfn /lib/systemd/system/basic.target etc/systemd/system/default.target
      ip link set lo up
      mkdir -p mnt/before
      pivot_root . mnt/before
      umount -l /mnt/before
      exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
        < /dev/null > /dev/null 2>&1
      """;

  private final Path group;
  private final Process process;
  private final long first;

  /**
   * Boots one.
   *
   * @param directory an empty one, to mount over
   */
  public Machine(Path directory) throws IOException, InterruptedException {
    Path groups = groups().orElseThrow(() -> new IOException("no control groups of version 2"));
    sweep(groups);
    group =
        groups.resolve(
            "l4machine-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
    process =
        new ProcessBuilder(
                "sh", "-ec", ENTER, "enter", group.toString(), directory.toString(), BOOT)
            .inheritIO()
            .start();
    boolean up = false;
    try {
      first = awaitFirst();
      awaitBooted();
      up = true;
    } finally {
      if (!up) {
        close();
      }
    }
  }

  /** Why there can be none here; empty when there can. */
  public static Optional<String> missing() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("a system of its own needs root");
    }
    if (!Files.isExecutable(SYSTEMD)) {
      return Optional.of("systemd is not installed");
    }
    return groups().isEmpty() ? Optional.of("no control groups of version 2") : Optional.empty();
  }

  /** Where control groups can be made. */
  private static Optional<Path> groups() {
    try (Stream<String> mounts = Files.lines(Path.of("/proc/mounts"))) {
      return mounts
          .map(line -> line.split(" ", -1))
          .filter(words -> words[2].equals("cgroup2"))
          .map(words -> Path.of(words[1]))
          .filter(Files::isWritable)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private long awaitFirst() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      Optional<ProcessHandle> child = process.children().findFirst();
      if (child.flatMap(each -> each.info().command()).filter(this::isSystemd).isPresent()) {
        return child.get().pid();
      }
      Thread.sleep(LOOK);
    }
    throw new IOException("the system's first process does not come up");
  }

  private boolean isSystemd(String command) {
    return command.endsWith("/systemd");
  }

  private void awaitBooted() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    String state = "";
    while (System.nanoTime() < end) {
      try {
        state = run("sh", "-c", "systemctl is-system-running || true").strip();
      } catch (IOException notYet) {
        state = notYet.getMessage();
      }
      if (state.equals("running") || state.equals("degraded")) {
        return;
      }
      Thread.sleep(LOOK);
    }
    throw new IOException("the system does not boot: " + state);
  }

  /** What stands before a command that is to run in it. */
  public List<String> prefix() {
    return List.of(
        "nsenter", "--target=" + first, "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup");
  }

  /** What stands before a program of this machine that is to be in its network alone. */
  public List<String> networkPrefix() {
    return List.of("nsenter", "--target=" + first, "--net");
  }

  /** Runs a short command in it; what it printed, if its exit code was 0. */
  public String run(String... command) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(prefix());
    all.addAll(Arrays.asList(command));
    return Commands.run("", all);
  }

  /** A file of it, as this machine sees it. */
  public Path file(String path) {
    return Path.of("/proc/" + first + "/root" + path);
  }

  /** Calls something, which must start no virtual thread, on a thread that is in its network. */
  public <T> T call(Callable<T> work) throws IOException, InterruptedException {
    return EnteredNamespace.call(Path.of("/proc/" + first + "/ns/net"), work);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroyForcibly();
    remove(group);
    process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Ends what test processes that are no more left behind. */
  private static void sweep(Path groups) throws IOException, InterruptedException {
    List<Path> all;
    try (Stream<Path> files = Files.list(groups)) {
      all = files.toList();
    }
    for (Path each : all) {
      Matcher matcher = NAME.matcher(each.getFileName().toString());
      if (matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
        remove(each);
      }
    }
  }

  /** Ends all in a control group, and the group. */
  private static void remove(Path group) throws IOException, InterruptedException {
    if (!Files.isDirectory(group)) {
      return;
    }
    Files.writeString(group.resolve("cgroup.kill"), "1");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (Files.readString(group.resolve("cgroup.events")).contains("populated 1")
        && System.nanoTime() < end) {
      Thread.sleep(LOOK);
    }
    List<Path> deepestFirst;
    try (Stream<Path> files = Files.walk(group)) {
      deepestFirst = files.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }
}
