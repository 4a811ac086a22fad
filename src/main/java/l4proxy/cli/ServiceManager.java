package l4proxy.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd, or whoever set {@code NOTIFY_SOCKET}, how this process gets on: ready, reloading,
 * a status in words, and signs of life where it has a watchdog. Does nothing without that variable.
 *
 * <p>The socket takes datagrams, for which the JDK has no unix socket, so the program {@code
 * systemd-notify} sends them: 6 ms and no memory of ours, where calling the system by way of {@code
 * java.lang.foreign} costs 14 MB. Any thread may call it; a platform thread of its own, {@code
 * service manager}, reports until {@link #close()}, which returns when it is gone.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/sd_notify.html">sd_notify</a>
 */
final class ServiceManager implements AutoCloseable {
  private static final String PROGRAM = "systemd-notify";

  /** How old a status may be. */
  private static final Duration LOOK = Duration.ofSeconds(10);

  /** When the first status is worth another look. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String socket;
  private final Events events;
  private final Duration watchdog;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile @Nullable Thread reporter;
  private boolean complained;

  private ServiceManager(String socket, Events events, Duration watchdog) {
    this.socket = socket;
    this.events = events;
    this.watchdog = watchdog;
  }

  /** The one that started this process, if one did. */
  static ServiceManager of(Shell shell, Events events) {
    Map<String, String> environment = shell.environment();
    return new ServiceManager(
        environment.getOrDefault("NOTIFY_SOCKET", ""), events, watchdog(environment));
  }

  /** How long it waits for a sign of life; zero: it wants none of this process. */
  private static Duration watchdog(Map<String, String> environment) {
    String own = String.valueOf(ProcessHandle.current().pid());
    if (!environment.getOrDefault("WATCHDOG_PID", own).equals(own)) {
      return Duration.ZERO;
    }
    try {
      long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
      return Duration.ofNanos(Math.multiplyExact(micros, 1000L));
    } catch (ArithmeticException | NumberFormatException notOurs) {
      return Duration.ZERO;
    }
  }

  /**
   * Ready from now on; the status is reported as it changes.
   *
   * @param status one line; asked for on a virtual thread
   */
  void ready(Supplier<String> status) {
    if (!socket.isEmpty() && reporter == null) {
      tell("READY=1", "STATUS=" + status.get());
      reporter = Thread.ofPlatform().name("service manager").daemon().start(() -> report(status));
    }
  }

  /** A status at once, then as often as the watchdog wants it. */
  private void report(Supplier<String> status) {
    boolean watched = watchdog.isPositive();
    Duration half = watchdog.dividedBy(2);
    Duration pause = watched && half.compareTo(LOOK) < 0 ? half : LOOK;
    Duration next = pause.compareTo(SOON) < 0 ? pause : SOON;
    String last = "";
    try {
      while (!over.await(next.toNanos(), TimeUnit.NANOSECONDS)) {
        next = pause;
        String now = ask(status, pause);
        if (watched) {
          tell("WATCHDOG=1", "STATUS=" + now);
        } else if (!now.equals(last)) {
          tell("STATUS=" + now);
        }
        last = now;
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException stuck) {
      events.happened(
          new Event.Warned(
              "this process does not get on, so its service manager is told nothing more; please"
                  + " report it"));
    }
  }

  /** On a virtual thread: when none gets its turn any more, no user does. */
  private static String ask(Supplier<String> status, Duration time)
      throws InterruptedException, TimeoutException {
    FutureTask<String> asked = new FutureTask<>(status::get);
    Thread.ofVirtual().name("status").start(asked);
    try {
      return asked.get(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      return "running"; // a status is not worth a restart
    }
  }

  /** Reads something again, and says so before and after. */
  void reloading(Runnable action) {
    if (reporter == null) {
      action.run();
      return;
    }
    // what systemd wants is CLOCK_MONOTONIC, and on Linux that is what nanoTime reads
    tell("RELOADING=1", "MONOTONIC_USEC=" + System.nanoTime() / 1000);
    try {
      action.run();
    } finally {
      tell("READY=1");
    }
  }

  /**
   * Another process is the service from now on, and reports; it is told of before this one ends.
   */
  void succeededBy(long process) {
    if (reporter != null) {
      tell("MAINPID=" + process);
    }
    close();
  }

  /**
   * No new users from now on. Not the end of the service: another process may have it, and {@code
   * STOPPING=1} would end that one.
   */
  void stopping() {
    if (reporter != null) {
      tell("STATUS=stopping; users may finish");
    }
  }

  private synchronized void tell(String... assignments) {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(List.of(assignments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("NOTIFY_SOCKET", socket);
    builder.redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD);
    try {
      Process process = builder.start();
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        complain("did not end in time");
      } else if (process.exitValue() != 0) {
        complain("ended with exit code " + process.exitValue());
      }
    } catch (IOException e) {
      complain("cannot be run");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void complain(String what) {
    if (!complained) {
      complained = true;
      events.happened(
          new Event.Warned(
              "NOTIFY_SOCKET is set, but "
                  + PROGRAM
                  + " "
                  + what
                  + ", so the service manager does not know how this process gets on: install it,"
                  + " or unset NOTIFY_SOCKET"));
    }
  }

  @Override
  public void close() {
    over.countDown();
    Thread last = reporter;
    if (last != null) {
      try {
        last.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
