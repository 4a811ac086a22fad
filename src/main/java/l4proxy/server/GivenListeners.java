package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Sockets;

/**
 * The listeners that another process has instead of this one: paused, and resumed if it does not
 * get to the end. One thread at a time.
 */
final class GivenListeners {
  /** So long the ports of a process that is gone may take to be free. */
  private static final Duration FREEING = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofMillis(20);

  private final Estate estate;
  private final Events events;
  private final Map<String, AcceptLoop> given = new LinkedHashMap<>();

  GivenListeners(Estate estate, Events events) {
    this.estate = estate;
    this.events = events;
  }

  /** The other listens there. */
  void give(String name, AcceptLoop listener) {
    given.put(name, listener);
    listener.pause();
  }

  /** All that there still are. */
  void giveAll() {
    estate.all().forEach(this::give);
  }

  /** Listens on all of them again, but on those whose services ended meanwhile. */
  void takeBack() {
    given.forEach(this::takeBack);
    given.clear();
  }

  private void takeBack(String name, AcceptLoop listener) {
    long began = System.nanoTime();
    while (!listener.isStopped()) {
      try {
        listener.resume(listen(estate.address(name, listener)));
        return;
      } catch (IOException e) {
        if (System.nanoTime() - began > FREEING.toNanos()) {
          events.happened(
              new Event.Warned(
                  "cannot listen on port "
                      + listener.port()
                      + " again ("
                      + e.getMessage()
                      + "): end what uses it, and start this server anew"));
          return;
        }
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  /** Beside a process that is stopped but not gone, if need be. */
  private static ServerSocket listen(InetSocketAddress address) throws IOException {
    try {
      return Sockets.listen(address);
    } catch (IOException taken) {
      ServerSocket beside = Sockets.listenBeside(address);
      Sockets.share(beside, false);
      return beside;
    }
  }
}
