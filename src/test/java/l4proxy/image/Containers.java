package l4proxy.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Containers, networks and volumes of one test, made by podman. {@link #close()} removes them, and
 * the tables that the engine left in the kernel's packet filter: each packet of the machine would
 * go through them.
 */
final class Containers implements AutoCloseable {
  static final String IMAGE = "localhost/l4proxy";
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final Duration BUILDING = Duration.ofMinutes(5);

  private final Path directory;
  private final String podman;
  private final String prefix = "l4proxy-" + ProcessHandle.current().pid() + "-";
  private final List<List<String>> made = new ArrayList<>();
  private final Set<String> tables;

  /** The test is skipped where there is no engine, or no image in it. */
  Containers(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    this.podman = Tools.require("podman");
    for (String each : List.of("netavark", "aardvark-dns", "iptables", "nft")) {
      requireBeside(each);
    }
    try (Program exists = Program.start(directory, podman, "image", "exists", IMAGE)) {
      if (exists.exit(TIME) != 0) {
        Tools.skip("podman has no image l4proxy: buildah bud --format docker -t l4proxy .");
      }
    }
    this.tables = tables();
  }

  private static void requireBeside(String program) {
    if (!Path.of("/usr/lib/podman", program).toFile().canExecute()) {
      Tools.require(program);
    }
  }

  /** The name that something has in the engine. */
  String name(String what) {
    return prefix + what;
  }

  String podman(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(podman));
    command.addAll(Arrays.asList(words));
    return Program.run(directory, TIME, command.toArray(String[]::new));
  }

  void network(String name, String... options) throws IOException, InterruptedException {
    made.add(List.of("network", "rm", "-f", name(name)));
    List<String> words = new ArrayList<>(List.of("network", "create"));
    words.addAll(Arrays.asList(options));
    words.add(name(name));
    podman(words.toArray(String[]::new));
  }

  /** A container in these networks, as confined as can be, its state in a volume. */
  void start(String name, List<String> networks, List<String> options, String... words)
      throws IOException, InterruptedException {
    made.add(List.of("volume", "rm", "-f", name(name)));
    made.add(List.of("rm", "-f", "-t", "0", name(name)));
    List<String> command = new ArrayList<>(List.of("run", "-d", "--name", name(name)));
    command.addAll(List.of("--read-only", "--cap-drop", "ALL", "--memory", "256m"));
    command.addAll(List.of("--security-opt", "no-new-privileges"));
    command.addAll(List.of("--volume", name(name) + ":/var/lib/l4proxy"));
    command.add("--network");
    command.add(String.join(",", networks.stream().map(this::name).toList()));
    command.addAll(options);
    command.add(IMAGE);
    command.addAll(Arrays.asList(words));
    podman(command.toArray(String[]::new));
  }

  /**
   * Containers and volumes that commands of a page make, by the names that they have there. The
   * test is skipped where they are somebody's.
   */
  void typed(List<String> containers, List<String> volumes)
      throws IOException, InterruptedException {
    String all = podman("ps", "-a", "--format", "{{.Names}}");
    String kept = podman("volume", "ls", "-q");
    if (all.lines().anyMatch(containers::contains) || kept.lines().anyMatch(volumes::contains)) {
      Tools.skip("podman has " + containers + " or " + volumes + " already");
    }
    volumes.forEach(volume -> made.add(List.of("volume", "rm", "-f", volume)));
    containers.forEach(container -> made.add(List.of("rm", "-f", "-t", "0", container)));
  }

  /** Types commands of docker where the sources are; what they print. */
  String type(String commands) throws IOException, InterruptedException {
    Path docker = Files.createDirectories(directory.resolve("programs")).resolve("docker");
    Files.writeString(docker, "#!/bin/sh\nexec " + podman + " \"$@\"\n");
    if (!docker.toFile().setExecutable(true)) {
      throw new IOException(docker + " cannot be made executable");
    }
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put("PATH", docker.getParent() + ":" + System.getenv("PATH"));
    environment.put("BUILDAH_FORMAT", "docker"); // as README says
    environment.put("BUILDAH_ISOLATION", "chroot");
    try (Program shell =
        Program.start(Path.of("").toAbsolutePath(), environment, List.of("sh", "-ec", commands))) {
      if (shell.exit(BUILDING) != 0) {
        throw new AssertionError(commands + shell.said());
      }
      return shell.out().text();
    }
  }

  /** A container's address in a network. */
  String address(String name, String network) throws IOException, InterruptedException {
    String format = "{{(index .NetworkSettings.Networks \"" + name(network) + "\").IPAddress}}";
    return podman("inspect", name(name), "-f", format).strip();
  }

  /** Follows what a container says. */
  Program logs(String name) throws IOException {
    return Program.start(directory, podman, "logs", "-f", name(name));
  }

  private Set<String> tables() throws IOException, InterruptedException {
    return new HashSet<>(
        Program.run(directory, TIME, Tools.require("nft"), "list", "tables").lines().toList());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (List<String> each : made.reversed()) {
      podman(each.toArray(String[]::new));
    }
    for (String table : tables()) {
      if (!tables.contains(table)) {
        List<String> words = new ArrayList<>(List.of(Tools.require("nft"), "delete"));
        words.addAll(List.of(table.split(" ")));
        Program.run(directory, TIME, words.toArray(String[]::new));
      }
    }
  }
}
