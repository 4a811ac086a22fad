package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import l4proxy.wire.Tunnel;

/** Whether an idle tunnel is alive, found out on a thread of its own; a dead one is broken. */
final class TunnelCheck {
  private static final Duration TIME = Duration.ofSeconds(5);

  private final Tunnel tunnel;
  private final Consumer<Tunnel> alive;
  private final Runnable over;

  /**
   * Not begun yet.
   *
   * @param alive given the tunnel when it answers in time
   * @param over done when it is over, whatever it came to
   */
  TunnelCheck(Tunnel tunnel, Consumer<Tunnel> alive, Runnable over) {
    this.tunnel = tunnel;
    this.alive = alive;
    this.over = over;
  }

  void start() {
    Thread.ofVirtual().name("tunnel check").start(this::run);
  }

  private void run() {
    boolean kept = false;
    try {
      tunnel.check(TIME);
      alive.accept(tunnel);
      kept = true;
    } catch (IOException dead) {
      // it is of no use, as after anything else that went wrong
    } finally {
      if (!kept) {
        tunnel.abort();
      }
      over.run();
    }
  }
}
