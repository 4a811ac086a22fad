package l4proxy;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.Thread.UncaughtExceptionHandler;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves a thread with a name, virtual or not, an open socket or an uncaught
 * exception behind; {@code @ExtendWith} it.
 *
 * <p>The program names all its threads; nameless ones belong to the JDK or the test. Threads are
 * compared by name and number, sockets by inode. Tests of one JVM run one after another, as
 * surefire runs them.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
  private static final Duration GONE_WITHIN = Duration.ofSeconds(5);
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

  /** {@code #42 "user 1" virtual …} in the text form of a thread dump. */
  private static final Pattern THREAD = Pattern.compile("(?m)^#(\\d+) \"([^\"]+)\"");

  private static final Pattern OF_OTHERS =
      Pattern.compile(
          "(junit|surefire|awaitility|Attach|C[12] Comp|Common-Cleaner|Finalizer|Reference|Signal"
              + "|Notification|Service Thread|Monitor Deflation|process reaper|ForkJoinPool"
              + "|VirtualThread-|Read-Poller|Write-Poller|SubPoller|MasterPoller|Keep-Alive|main"
              + "|Cleaner|Thread-"
              + "|carriers" // the program's one thread for all that runs in a process
              + ").*");

  private final ConcurrentLinkedQueue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private Set<String> threads = Set.of();
  private Set<String> sockets = Set.of();
  private UncaughtExceptionHandler former = (thread, e) -> {};

  @Override
  public void beforeEach(ExtensionContext context) {
    threads = threads();
    sockets = sockets();
    former = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Thread.setDefaultUncaughtExceptionHandler(former);
    if (!left().isEmpty()) {
      Awaitility.await("threads and sockets left behind")
          .atMost(GONE_WITHIN)
          .until(this::left, List::isEmpty);
    }
    if (!uncaught.isEmpty()) {
      throw new AssertionError("a thread ended with an exception", uncaught.peek());
    }
  }

  private List<String> left() {
    Set<String> newThreads = threads();
    newThreads.removeAll(threads);
    Set<String> newSockets = sockets();
    newSockets.removeAll(sockets);
    return Stream.concat(newThreads.stream(), newSockets.stream()).toList();
  }

  /** All that have a name of their own, and their numbers. */
  static Set<String> threads() {
    try {
      Path directory = Files.createTempDirectory("threads");
      Path dump = directory.resolve("dump.txt");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(dump.toString(), ThreadDumpFormat.TEXT_PLAIN);
        Set<String> names = new TreeSet<>();
        for (Matcher all = THREAD.matcher(Files.readString(dump)); all.find(); ) {
          if (!OF_OTHERS.matcher(all.group(2)).matches()) {
            names.add(all.group(2) + " #" + all.group(1));
          }
        }
        return names;
      } finally {
        Files.deleteIfExists(dump);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * TCP sockets of this process: the JDK keeps a pair of another kind, which it makes when it first
   * needs it.
   */
  private static Set<String> sockets() {
    Set<String> open = new TreeSet<>();
    try (Stream<Path> all = Files.list(DESCRIPTORS)) {
      all.map(LeakCheck::target).filter(target -> target.startsWith("socket:")).forEach(open::add);
      Set<String> tcp = new TreeSet<>();
      for (Path table : TABLES) {
        for (String line : Files.readAllLines(table)) {
          String[] columns = line.trim().split("\\s+");
          tcp.add("socket:[" + columns[Math.min(9, columns.length - 1)] + "]");
        }
      }
      open.retainAll(tcp);
      return open;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
