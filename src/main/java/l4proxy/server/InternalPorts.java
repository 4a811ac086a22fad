package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import l4proxy.auth.Key;
import org.jspecify.annotations.Nullable;

/**
 * The internal ports there are. Changed under the lock of {@link Services}, which knows which
 * service has which.
 */
final class InternalPorts implements AutoCloseable {
  private final Ports binder;
  private final Newcomers newcomers;
  private final Arrivals arrivals;
  private final Map<Integer, InternalPort> open = new ConcurrentHashMap<>();

  InternalPorts(Ports binder, Newcomers newcomers, Arrivals arrivals) {
    this.binder = binder;
    this.newcomers = newcomers;
    this.arrivals = arrivals;
  }

  /** What became of the wish for one. */
  sealed interface Outcome {
    /** Tunnels arrive there; at the control port when it is null. */
    record Granted(@Nullable InternalPort port) implements Outcome {}

    record Denied(String text, boolean lasting) implements Outcome {}
  }

  /**
   * Finds the port that a client wants, or opens it.
   *
   * @param wanted its number, 0 for any; null when none is wanted
   * @param before what the service has now
   * @param isPublic whether a port is one of users'
   */
  Outcome have(
      Key key, @Nullable Integer wanted, @Nullable InternalPort before, IntPredicate isPublic) {
    if (wanted == null) {
      return new Outcome.Granted(null);
    }
    if (before != null && fits(before, key, wanted)) {
      return new Outcome.Granted(before);
    }
    return wanted == 0 ? draw(key, isPublic) : claim(key, wanted, isPublic);
  }

  private static boolean fits(InternalPort before, Key key, int wanted) {
    return key.allows(before.number()) && (wanted == 0 || wanted == before.number());
  }

  /** Whether what a client wants is there, so that nothing would be opened. */
  boolean has(Key key, @Nullable Integer wanted, @Nullable InternalPort before) {
    if (wanted == null || before != null && fits(before, key, wanted)) {
      return true;
    }
    InternalPort there = open.get(wanted);
    return there != null && there.isOf(key);
  }

  private Outcome claim(Key key, int port, IntPredicate isPublic) {
    Optional<String> denial = binder.denial(key, port);
    if (denial.isPresent()) {
      return new Outcome.Denied(denial.get(), true);
    }
    InternalPort there = open.get(port);
    if (there != null && there.isOf(key)) {
      return new Outcome.Granted(there);
    }
    if (there != null || isPublic.test(port)) {
      return new Outcome.Denied(
          "port " + port + " is held by another client; choose another --int_port, or 0 for any",
          true);
    }
    try {
      return new Outcome.Granted(add(key, binder.bind(port)));
    } catch (IOException e) {
      return new Outcome.Denied(
          "port "
              + port
              + " cannot be opened on the server ("
              + e.getMessage()
              + "); choose another --int_port, or stop the program that has it",
          true);
    }
  }

  private Outcome draw(Key key, IntPredicate isPublic) {
    Optional<ServerSocket> drawn =
        binder.draw(port -> key.allows(port) && !isPublic.test(port) && !contains(port));
    return drawn
        .<Outcome>map(listener -> new Outcome.Granted(add(key, listener)))
        .orElseGet(
            () -> new Outcome.Denied("no port is free for its tunnels; try again later", false));
  }

  private InternalPort add(Key key, ServerSocket listener) {
    InternalPort added = new InternalPort(key, listener, newcomers, arrivals);
    open.put(added.number(), added);
    return added;
  }

  /** Those that there are, by number. */
  Map<Integer, InternalPort> all() {
    return open;
  }

  /** Whether tunnels arrive there. */
  boolean contains(int port) {
    return open.containsKey(port);
  }

  /** Closes all others. */
  void keepOnly(Set<InternalPort> used) {
    for (InternalPort each : open.values()) {
      if (!used.contains(each)) {
        open.remove(each.number());
        each.close();
      }
    }
  }

  @Override
  public void close() {
    keepOnly(Set.of());
  }
}
