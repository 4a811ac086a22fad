package l4proxy.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import sun.misc.Signal;

/**
 * SIGTERM and SIGINT: the first asks the program to end in its own time, the second ends it at
 * once. SIGHUP asks it to read its file again, where it has one.
 *
 * <p>Where signals cannot be handled (a JVM started with {@code -Xrs}, say), a shutdown hook stands
 * in, which holds the JVM up until the command is through. {@link #close()} lets it go. Signals
 * arrive on threads of the JVM's own.
 */
final class Signals implements Stop, AutoCloseable {
  private final AtomicBoolean asked = new AtomicBoolean();
  private final CountDownLatch first = new CountDownLatch(1);
  private final CountDownLatch through = new CountDownLatch(1);
  private final Thread hook = new Thread(this::shutdown, "shutdown");
  private final AtomicBoolean hungUp = new AtomicBoolean();
  private final ReentrantLock hangups = new ReentrantLock();
  private boolean hooked;

  private Signals() {}

  /** Listens from now on. */
  static Signals listen() {
    Signals signals = new Signals();
    try {
      Signal.handle(new Signal("TERM"), signals::received);
      Signal.handle(new Signal("INT"), signals::received);
    } catch (IllegalArgumentException notOurs) {
      signals.hooked = true;
      Runtime.getRuntime().addShutdownHook(signals.hook);
    }
    return signals;
  }

  private void received(Signal signal) {
    if (asked.compareAndSet(false, true)) {
      first.countDown();
    } else {
      Runtime.getRuntime().halt(128 + signal.getNumber());
    }
  }

  @Override
  public void onHangup(Runnable action) {
    try {
      Signal.handle(new Signal("HUP"), signal -> hungUp(action));
    } catch (IllegalArgumentException notOurs) {
      // the system has no such signal, or the JVM leaves it alone
    }
  }

  /** However many signals come meanwhile, one more turn is enough: it sees what is there then. */
  private void hungUp(Runnable action) {
    if (hungUp.compareAndSet(false, true)) {
      hangups.lock();
      try {
        hungUp.set(false);
        action.run();
      } finally {
        hangups.unlock();
      }
    }
  }

  private void shutdown() {
    first.countDown();
    try {
      through.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }

  @Override
  public void await() throws InterruptedException {
    first.await();
  }

  @Override
  public void end() {
    first.countDown();
  }

  @Override
  public void close() {
    if (hooked && first.getCount() > 0) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
    through.countDown();
  }
}
