package l4proxy.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A network namespace: interfaces, routes, rules and sockets of its own. {@link #close()} removes
 * it with all interfaces in it.
 */
public final class Namespace implements AutoCloseable {
  static final Path ALL = Path.of("/run/netns");

  private final String name;

  /** Makes it, with a loopback interface. */
  Namespace(String name) throws IOException, InterruptedException {
    this.name = name;
    Commands.run("ip", "netns", "add", name);
    ip("link", "set", "lo", "up");
  }

  /** Where others find it. */
  Path path() {
    return ALL.resolve(name);
  }

  /** What stands before a command that is to run in it. */
  public List<String> prefix() {
    return List.of("ip", "netns", "exec", name, "env", Marks.VARIABLE + name);
  }

  /** Runs a short command in it; what it printed, if its exit code was 0. */
  public String run(String... command) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(prefix());
    all.addAll(Arrays.asList(command));
    return Commands.run("", all);
  }

  String ip(String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("ip", "-n", name));
    all.addAll(Arrays.asList(words));
    return Commands.run("", all);
  }

  void nft(String rules) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(prefix());
    all.addAll(List.of("nft", "-f", "-"));
    Commands.run(rules, all);
  }

  /** Joins two namespaces by a cable, each end with an address such as 192.0.2.1/24. */
  static void join(
      Namespace one, String name, String address, Namespace other, String peer, String peerAddress)
      throws IOException, InterruptedException {
    one.ip("link", "add", name, "type", "veth", "peer", "name", peer, "netns", other.name);
    one.attach(name, address);
    other.attach(peer, peerAddress);
  }

  void attach(String link, String address) throws IOException, InterruptedException {
    ip("address", "add", address, "dev", link);
    ip("link", "set", link, "up");
  }

  /**
   * Calls something on a thread that is in this namespace: sockets and listeners that it opens
   * belong here, and may be used by any thread afterwards. It must start no virtual thread.
   */
  public <T> T call(Callable<T> work) throws IOException, InterruptedException {
    return EnteredNamespace.call(path(), work);
  }

  /** TCP connections of a state, such as {@code established}, as {@code ss} prints them. */
  public List<String> connections(String state, String... filter)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ss", "-Htn", "state", state));
    command.addAll(Arrays.asList(filter));
    return run(command.toArray(String[]::new)).lines().filter(l -> !l.isBlank()).toList();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    remove(name);
  }

  static void remove(String name) throws IOException, InterruptedException {
    if (Files.exists(ALL.resolve(name))) {
      Commands.run("ip", "netns", "delete", name);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
