package l4proxy.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The namespaces of one test, with names of their own. {@link #close()} removes them; what a test
 * process that died left behind, the next one removes.
 *
 * <pre>
 *   user 198.51.100.2 ---+
 *                        |--- internet ---+--- router 192.0.2.2   --- first home
 *   server 203.0.113.2 --+   (forwards)   +--- router 198.18.0.2  --- second home
 *          203.0.113.3
 * </pre>
 */
public final class Lab implements AutoCloseable {
  /** Where the server is. */
  public static final String SERVER = "203.0.113.2";

  /** Where users are. */
  public static final String USER = "198.51.100.2";

  /** Another address of the server's. */
  public static final String SERVER_MOVED = "203.0.113.3";

  private static final Pattern NAME = Pattern.compile("l4lab-([0-9]+)-.*");
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final List<String> PROGRAMS = List.of("ip", "nft", "conntrack", "ss", "sysctl");

  private final String stem =
      "l4lab-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet() + "-";
  private final List<Namespace> all = new ArrayList<>();
  private final Namespace user;
  private final Namespace server;
  private final Link userLink;
  private final Link serverLink;
  private final Home first;
  private final Home second;

  /** Makes all of it. */
  public Lab() throws IOException, InterruptedException {
    sweep();
    boolean made = false;
    try {
      Namespace internet = namespace("internet");
      internet.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
      user = namespace("user");
      server = namespace("server");
      Namespace.join(internet, "user", "198.51.100.1/24", user, "wan", USER + "/24");
      Namespace.join(internet, "server", "203.0.113.1/24", server, "wan", SERVER + "/24");
      server.ip("address", "add", SERVER_MOVED + "/24", "dev", "wan");
      user.ip("route", "add", "default", "via", "198.51.100.1");
      server.ip("route", "add", "default", "via", "203.0.113.1");
      userLink = new Link(internet, "user");
      serverLink = new Link(internet, "server");
      first = Home.of(namespace("host1"), namespace("router1"), internet, "home1", "192.0.2");
      second = Home.of(namespace("host2"), namespace("router2"), internet, "home2", "198.18.0");
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  /** Why there can be no lab here; empty when there can. */
  public static Optional<String> missing() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("a lab of network namespaces needs root");
    }
    for (String each : PROGRAMS) {
      if (Stream.of("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin")
          .noneMatch(directory -> Files.isExecutable(Path.of(directory, each)))) {
        return Optional.of(each + " is not installed");
      }
    }
    try {
      sweep();
      String probe = "l4lab-" + ProcessHandle.current().pid() + "-probe-" + COUNT.incrementAndGet();
      try (Namespace tried = new Namespace(probe)) {
        tried.nft("table inet probe { chain c { ct state new accept; }; }\n");
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("network namespaces cannot be made: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    }
  }

  private Namespace namespace(String name) throws IOException, InterruptedException {
    Namespace made = new Namespace(stem + name);
    all.add(made);
    return made;
  }

  /** Removes what test processes that are no more left behind. */
  private static void sweep() throws IOException, InterruptedException {
    Marks.endProcesses(Lab::isDead);
    if (!Files.isDirectory(Namespace.ALL)) {
      return;
    }
    List<String> names;
    try (Stream<Path> files = Files.list(Namespace.ALL)) {
      names = files.map(file -> file.getFileName().toString()).toList();
    }
    for (String name : names) {
      if (isDead(name)) {
        Namespace.remove(name);
      }
    }
  }

  /** Whether the test process that made a namespace is no more. */
  private static boolean isDead(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty();
  }

  /** Where users are. */
  public Namespace user() {
    return user;
  }

  /** Where the server runs. */
  public Namespace server() {
    return server;
  }

  /** The server's machine has its other address alone from now on. */
  public void moveServer() throws IOException, InterruptedException {
    server.ip("address", "delete", SERVER + "/24", "dev", "wan");
    server.ip("address", "replace", SERVER_MOVED + "/24", "dev", "wan");
    server.ip("route", "replace", "default", "via", "203.0.113.1");
  }

  /** Between users and the internet. */
  public Link userLink() {
    return userLink;
  }

  /** Between the server and the internet. */
  public Link serverLink() {
    return serverLink;
  }

  /** Where a client runs. */
  public Home first() {
    return first;
  }

  /** Where another client runs. */
  public Home second() {
    return second;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Marks.endProcesses(name -> name.startsWith(stem));
    for (Namespace each : all.reversed()) {
      each.close();
    }
  }
}
