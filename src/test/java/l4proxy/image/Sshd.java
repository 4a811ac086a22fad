package l4proxy.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A real sshd on loopback, with keys of its own, that lets the user who runs the tests in. Files
 * are copied to and from its directory unless their paths say otherwise.
 */
final class Sshd implements AutoCloseable {
  private final Path directory;
  private final int port;
  private final Program program;

  Sshd(Path directory) throws IOException, InterruptedException {
    this(directory, List.of(), FreePorts.next());
  }

  /**
   * One in another network.
   *
   * @param starter of it, with its arguments
   */
  Sshd(Path directory, List<String> starter, int port) throws IOException, InterruptedException {
    this.directory = directory;
    this.port = port;
    String sshd = Tools.require("sshd");
    keygen("host");
    keygen("user");
    Files.copy(directory.resolve("user.pub"), directory.resolve("authorized"));
    Path separation =
        Path.of("/run/sshd"); // compiled in; made at boot by what starts the machine's own
    if (user().equals("root") && !Files.exists(separation)) {
      Files.createDirectory(separation);
    }
    Files.writeString(
        directory.resolve("sshd_config"),
        """
        ListenAddress 127.0.0.1
        Port %d
        HostKey %s
        AuthorizedKeysFile %s
        PidFile none
        UsePAM no
        StrictModes no
        PasswordAuthentication no
        PermitRootLogin yes
        Subsystem sftp internal-sftp -d %s
        """
            .formatted(
                port, directory.resolve("host"), directory.resolve("authorized"), directory));
    List<String> command = new ArrayList<>(starter);
    command.addAll(List.of(sshd, "-D", "-e", "-f", directory.resolve("sshd_config").toString()));
    program = Program.start(directory, command.toArray(String[]::new));
    try {
      program.awaitErr("Server listening on 127.0.0.1 port " + port);
    } catch (AssertionError e) {
      program.close();
      throw e;
    }
  }

  private void keygen(String name) throws IOException, InterruptedException {
    Program.run(
        directory,
        Duration.ofSeconds(20),
        Tools.require("ssh-keygen"),
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-f",
        name);
  }

  int port() {
    return port;
  }

  static String user() {
    return System.getProperty("user.name");
  }

  /** What it says. */
  Lines log() {
    return program.err();
  }

  /** A configuration of {@code ssh} and {@code scp} that has them use the keys here. */
  String configuration() {
    return """
    IdentityFile %s
    IdentitiesOnly yes
    BatchMode yes
    StrictHostKeyChecking accept-new
    UserKnownHostsFile %s
    """
        .formatted(directory.resolve("user"), directory.resolve("known"));
  }

  /** {@code ssh} or {@code scp}, told of the keys here and of nothing else. */
  String run(String tool, String portOption, int port, String... words)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Tools.require(tool),
                "-F",
                "none",
                "-i",
                directory.resolve("user").toString(),
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "BatchMode=yes",
                "-o",
                "LogLevel=ERROR",
                "-o",
                "StrictHostKeyChecking=accept-new",
                "-o",
                "UserKnownHostsFile=" + directory.resolve("known"),
                portOption,
                String.valueOf(port)));
    command.addAll(Arrays.asList(words));
    return Program.run(directory, Duration.ofSeconds(60), command.toArray(String[]::new));
  }

  @Override
  public void close() {
    program.close();
  }
}
