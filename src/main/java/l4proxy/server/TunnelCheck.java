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
  private final Runnable dead;

  /**
   * Not begun yet.
   *
   * @param alive given the tunnel when it answers in time
   * @param dead done when it does not
   */
  TunnelCheck(Tunnel tunnel, Consumer<Tunnel> alive, Runnable dead) {
    this.tunnel = tunnel;
    this.alive = alive;
    this.dead = dead;
  }

  void start() {
    boolean started = false;
    try {
      Thread.ofVirtual().name("tunnel check").start(this::run);
      started = true;
    } catch (OutOfMemoryError e) {
      // as if it were dead
    } finally {
      if (!started) {
        giveUp();
      }
    }
  }

  private void run() {
    boolean answered = false;
    try {
      tunnel.check(TIME);
      answered = true;
    } catch (IOException e) {
      // it is of no use, as after anything else that went wrong
    } finally {
      if (!answered) {
        giveUp();
      }
    }
    if (answered) {
      alive.accept(tunnel);
    }
  }

  private void giveUp() {
    tunnel.abort();
    dead.run();
  }
}
