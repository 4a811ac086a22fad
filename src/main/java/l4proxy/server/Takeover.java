package l4proxy.server;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.auth.StateDirectory;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;

/**
 * Takes over another server process on this machine, which has the same state directory: its
 * listeners one by one, each bound beside it before it closes its own, then the state directory.
 *
 * <p>{@link #of} asks it; from then on it writes nothing that matters, until {@link #finish}. When
 * this is closed before, or this process ends, that one takes everything back and goes on. When
 * that one ends, its ports are free, and this one goes on alone. Any thread.
 */
public final class Takeover implements AutoCloseable {
  /** Within this the other answers: for the control port it has pools to fill first. */
  private static final Duration ANSWER = Duration.ofSeconds(8);

  private final TakeoverLink link;
  private final TakeoverMessage.Yes last;
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private volatile boolean gone;

  private Takeover(TakeoverLink link, TakeoverMessage.Yes last) {
    this.link = link;
    this.last = last;
    held.add(TakeoverMessage.CONTROL);
    if (last.api() != null) {
      held.add(TakeoverMessage.API);
    }
    last.ports().forEach(port -> held.add(String.valueOf(port)));
  }

  /**
   * Asks the server that has a state directory.
   *
   * @param directory which
   * @param control where the control port is to be, port 0 for wherever that one has it
   * @param version of this one
   * @return a takeover that has begun
   * @throws IOException when there is none, or it says no; one sentence
   * @throws InterruptedException when the caller is to give up
   */
  public static Takeover of(Path directory, HostPort control, String version)
      throws IOException, InterruptedException {
    TakeoverLink link = connect(directory);
    boolean begun = false;
    try {
      link.send(
          new TakeoverMessage.Take(
              TakeoverMessage.PROTOCOL,
              version,
              ProcessHandle.current().pid(),
              control.toString()));
      TakeoverMessage answer = link.next(ANSWER);
      if (!(answer instanceof TakeoverMessage.Yes yes)) {
        throw new IOException(
            answer instanceof TakeoverMessage.No no ? no.text() : "it answers with something else");
      }
      begun = true;
      return new Takeover(link, yes);
    } catch (IOException e) {
      throw new IOException(
          "The server that has the state directory "
              + directory
              + " is not taken over, and goes on: "
              + e.getMessage()
              + ".",
          e);
    } finally {
      if (!begun) {
        link.close();
      }
    }
  }

  private static TakeoverLink connect(Path directory) throws IOException {
    try {
      return TakeoverLink.connect(directory);
    } catch (IOException | IllegalArgumentException nobody) { // too long a path is an argument
      throw new IOException(
          StateDirectory.isHeld(directory)
              ? "The server that has the state directory "
                  + directory
                  + " cannot be taken over (it is of a version before --takeover, or on its way up"
                  + " or down): stop it, and start this one without --takeover."
              : "There is no server to take over with the state directory "
                  + directory
                  + ": name its --state_dir, or start this one without --takeover.",
          nobody);
    }
  }

  /**
   * Where the control port of the other is.
   *
   * @return its port
   */
  public int controlPort() {
    return last.controlPort();
  }

  /**
   * Where the API of the other listens without TLS.
   *
   * @return host as configured, port as bound
   */
  public Optional<HostPort> api() {
    return Optional.ofNullable(last.api()).map(text -> HostPort.parse(text, -1));
  }

  /**
   * Who is taken over.
   *
   * @return for the log
   */
  @Override
  public String toString() {
    return "process " + last.pid() + ", version " + last.version();
  }

  List<Lease> leases() {
    return last.leases();
  }

  /** How many users public ports have, by number. */
  Map<Integer, Integer> users() {
    return last.users();
  }

  List<TakeoverMessage.Proxy> forwarders() {
    return last.forwarders();
  }

  /** Whether the other has that listener yet. */
  boolean holds(String listener) {
    return held.contains(listener);
  }

  /**
   * Binds a listener: one that the other has is bound beside it, and then closed there.
   *
   * @throws IOException when it cannot be bound, or the other takes everything back
   */
  synchronized ServerSocket bind(String listener, InetSocketAddress address) throws IOException {
    if (!held.contains(listener) || isMoved(listener, address)) {
      return Sockets.listen(address);
    }
    ServerSocket bound = gone ? Sockets.listen(address) : bindBeside(listener, address);
    held.remove(listener);
    return bound;
  }

  /** Whether this server wants a listener elsewhere; then the other keeps its own to the end. */
  private boolean isMoved(String listener, InetSocketAddress address) throws IOException {
    Optional<HostPort> there = api();
    return listener.equals(TakeoverMessage.API)
        && there.isPresent()
        && !there.get().resolve().equals(address);
  }

  private ServerSocket bindBeside(String listener, InetSocketAddress address) throws IOException {
    if (!asked(new TakeoverMessage.Share(listener))) {
      return Sockets.listen(address);
    }
    ServerSocket bound = Sockets.listenBeside(address);
    boolean alone = false;
    try {
      asked(new TakeoverMessage.Bound(listener));
      Sockets.share(bound, false);
      alone = true;
      return bound;
    } finally {
      if (!alone) {
        bound.close();
      }
    }
  }

  /** Asks for something, and waits until it is done; false when the other is gone. */
  private boolean asked(TakeoverMessage message) throws IOException {
    tell(message);
    try {
      return switch (link.next(ANSWER)) {
        case TakeoverMessage.Cancelled no -> throw cancelled(no.text());
        case TakeoverMessage.Shared _, TakeoverMessage.Closed _, TakeoverMessage.Released _ -> true;
        default -> throw cancelled("it says something out of place");
      };
    } catch (EOFException over) {
      gone = true;
      return false;
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while taking a server over");
    }
  }

  private static TakeoverException cancelled(String text) {
    return new TakeoverException(
        "The server that was to be taken over goes on instead: " + text + ".");
  }

  /**
   * Has the other give the state directory up, and holds it from then on: there is no way back.
   *
   * @throws IOException when the other does not, or somebody else has it
   */
  synchronized void finish(StateDirectory state) throws IOException {
    if (!gone) {
      asked(new TakeoverMessage.Finish());
    }
    held.clear();
    state.hold(ANSWER);
  }

  /** Whether the other is gone. */
  boolean isOver() {
    return link.isOver();
  }

  /** A key was revoked: the users that the other has with it end too. */
  void revoked(String key) {
    tell(new TakeoverMessage.Revoked(key));
  }

  /** A service was ended: the users that the other has of it end too. */
  void ended(String service) {
    tell(new TakeoverMessage.Ended(service));
  }

  private void tell(TakeoverMessage message) {
    try {
      link.send(message);
    } catch (IOException over) {
      // what it said last, or that it is gone, is read next
    }
  }

  /** Lets the other go: back to work, or, after the end, to its own end. */
  @Override
  public void close() {
    link.close();
  }
}
