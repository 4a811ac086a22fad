package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is packed, unpacked where nobody had thought of. */
@Tag("beside")
@Timeout(60)
final class PackagesIT {
  @TempDir private Path directory;
  @AutoClose private Account account;

  @BeforeEach
  void makeAccount() throws IOException {
    account = new Account(directory.resolve("an account"));
  }

  private static Path packed(String ending) throws IOException {
    try (Stream<Path> files = Files.list(Account.image().resolveSibling("."))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(ending))
          .findFirst()
          .orElseThrow(() -> new AssertionError("nothing packed ends with " + ending));
    }
  }

  /** Unpacks the portable package below a directory with spaces; its own directory. */
  private Path portable() throws IOException {
    Path to = Files.createDirectories(directory.resolve("some where"));
    try (FileSystem zip =
            FileSystems.newFileSystem(
                packed("-portable.zip"), Map.of("enablePosixFileAttributes", "true"));
        Stream<Path> all = Files.walk(zip.getPath("/"))) {
      for (Path each : all.filter(path -> path.getNameCount() > 0).toList()) {
        Path copy = to.resolve(each.toString().substring(1));
        Files.copy(each, copy);
        Files.setPosixFilePermissions(copy, Files.getPosixFilePermissions(each));
      }
    }
    try (Stream<Path> entries = Files.list(to)) {
      return entries.findFirst().orElseThrow();
    }
  }

  private Program run(Path launcher, Map<String, String> more, String... words) throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(words));
    return account.start(environment, command);
  }

  /** A server and a client run, and end as they should after SIGTERM, with this exit code. */
  private void relays(Path launcher, Map<String, String> more, int code)
      throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      Path log = directory.resolve("an account/access log");
      Program server =
          run(
              launcher,
              more,
              "server",
              "--ctl_addr",
              account.control(),
              "--api_addr",
              "none",
              "--ports",
              Account.PUBLIC_PORTS,
              "--access_log",
              log.toString());
      server.awaitErr(" ready; l4proxy ");
      Program client =
          run(
              launcher,
              more,
              "client",
              "--svr_addr",
              account.control(),
              "127.0.0.1",
              String.valueOf(backend.port()));
      try (Socket user = Users.connect(Account.publicPort(client))) {
        Users.echo(user);
      }
      Awaitility.await().until(() -> Files.readString(log).contains("endedBy"));
      client.terminate();
      assertEquals(code, client.exit(), client.said());
      server.terminate();
      assertEquals(code, server.exit(), server.said());
      assertTrue(Files.exists(account.state().resolve("keys.json")), server.said());
    }
  }

  @Test
  void portablePackageRunsOnAnyJdk25() throws IOException, InterruptedException {
    Path home = portable();
    Path link = Files.createSymbolicLink(directory.resolve("a link"), home.resolve("bin/l4proxy"));
    relays(link, Map.of(), 0);
  }

  @Test
  void nothingNeedsAPosixFileSystemOrSignals()
      throws IOException, InterruptedException, URISyntaxException {
    Path launcher = portable().resolve("bin/l4proxy");
    URI tests = PackagesIT.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    Map<String, String> plain =
        Map.of(
            "L4PROXY_JAVA_OPTS",
            "-Xrs -cp "
                + Path.of(tests)
                + " -Djava.nio.file.spi.DefaultFileSystemProvider="
                + PlainFileSystemProvider.class.getName());
    relays(launcher, plain, 143); // with -Xrs nobody but the system handles signals
  }

  @Test
  void anotherJavaIsRefusedInOneSentence() throws IOException, InterruptedException {
    Path launcher = portable().resolve("bin/l4proxy");
    Path java = Files.createDirectories(directory.resolve("old java/bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'openjdk 17.0.1 2021-10-19'\n");
    assertTrue(java.toFile().setExecutable(true));
    Program old =
        run(launcher, Map.of("JAVA_HOME", directory.resolve("old java").toString()), "--version");
    assertEquals(1, old.exit(), old.said());
    assertEquals(1, old.err().count("needs a JDK 25, and .*old java/bin/java is none"), old.said());
    assertEquals(1, old.err().all().size(), old.said());
  }

  @Test
  void windowsLauncherStartsTheSameProgram() throws IOException {
    Path bin = portable().resolve("bin");
    String cmd = Files.readString(bin.resolve("l4proxy.cmd"));
    assertTrue(cmd.lines().count() > 5 && cmd.contains("\r\n"), "lines end as Windows wants it");
    assertFalse(cmd.replace("\r\n", "").contains("\n"), cmd);
    String flags = "--enable-preview .*-XX:MaxNewSize=[0-9]+m ";
    for (String each : List.of(cmd, Files.readString(bin.resolve("l4proxy")))) {
      assertTrue(each.matches("(?s).*" + flags + ".*-m l4proxy/l4proxy[.]Main .*"), each);
    }
  }

  @Test
  void whereCdLooksIsNoMatterForTheLaunchers() throws IOException, InterruptedException {
    Path work = directory.resolve("an account/work");
    Files.createSymbolicLink(work.resolve("image"), Account.image());
    Files.createSymbolicLink(work.resolve("portable"), portable());
    for (String each : List.of("image", "portable")) {
      Program version =
          run(Path.of("sh"), Map.of("CDPATH", ".:/usr"), "-c", each + "/bin/l4proxy --version");
      assertEquals(0, version.exit(), version.said());
      assertEquals(1, version.out().count("^l4proxy "), version.said());
    }
  }

  @Test
  void imageRunsFromItsArchiveBelowAPathWithSpaces() throws IOException, InterruptedException {
    Path to = Files.createDirectories(directory.resolve("some where"));
    Program.run(
        to, Duration.ofSeconds(20), Tools.require("tar"), "-xzf", packed(".tar.gz").toString());
    relays(to.resolve("l4proxy/bin/l4proxy"), Map.of(), 0);
  }

  @Test
  void checksumsAreRight() throws IOException, InterruptedException {
    for (String each : List.of(".tar.gz.sha256", "-portable.zip.sha256")) {
      Path file = packed(each);
      String said =
          Program.run(
              file.getParent(),
              Duration.ofSeconds(20),
              Tools.require("sha256sum"),
              "-c",
              "" + file);
      assertTrue(said.endsWith(": OK"), said);
    }
  }
}
