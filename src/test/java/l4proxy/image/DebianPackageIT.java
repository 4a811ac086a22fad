package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The Debian package made of the image. */
@Timeout(240)
@Tag("beside")
@Execution(ExecutionMode.SAME_THREAD)
final class DebianPackageIT {
  private static final Duration TIME = Duration.ofSeconds(120);

  /** Says where a system is that debootstrap made, for the test that installs into it. */
  private static final String CHROOT = "L4PROXY_TEST_CHROOT";

  @TempDir private Path directory;

  private Path made(String version) throws IOException, InterruptedException {
    Tools.require("dpkg-deb");
    Path file = directory.resolve("l4proxy_" + version + ".deb");
    Program.run(
        Path.of("").toAbsolutePath(),
        TIME,
        "jlink/deb.sh",
        Account.image().toString(),
        version,
        file.toString());
    return file;
  }

  @Test
  void packageHasAllThatBelongsToIt() throws IOException, InterruptedException {
    Path root = directory.resolve("root");
    Program.run(directory, TIME, "dpkg-deb", "-x", made("1.2.3~test").toString(), root.toString());
    for (String each :
        List.of(
            "lib/systemd/system/l4proxy-server.service",
            "lib/systemd/system/l4proxy-client@.service",
            "share/man/man1/l4proxy.1.gz",
            "share/bash-completion/completions/l4proxy",
            "share/zsh/vendor-completions/_l4proxy",
            "share/fish/vendor_completions.d/l4proxy.fish",
            "share/doc/l4proxy/copyright")) {
      assertTrue(Files.size(root.resolve("usr").resolve(each)) > 100, each);
    }
    try (Stream<Path> all = Files.walk(root)) {
      List<Path> closed =
          all.filter(path -> !Files.isSymbolicLink(path))
              .filter(path -> !othersMayRead(path))
              .toList();
      assertEquals(List.of(), closed);
    }
    try (Program demo =
        Program.start(
            directory,
            Map.of("PATH", System.getenv("PATH"), "XDG_CONFIG_HOME", directory.toString()),
            List.of(root.resolve("usr/bin/l4proxy").toString(), "demo", "--once"))) {
      assertEquals(0, demo.exit(), demo.said());
    }
  }

  private static boolean othersMayRead(Path path) {
    try {
      return Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)
          .toString()
          .contains("OTHERS_READ");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void installsStartsUpgradesAndGoes() throws IOException, InterruptedException {
    String named = System.getenv(CHROOT);
    if (named == null) {
      Tools.skip(CHROOT + " names no directory made by: debootstrap --variant=minbase trixie DIR");
    }
    Path root = Path.of(named);
    Path packages = Files.createDirectories(root.resolve("tmp/packages"));
    try {
      for (String version : List.of("1.0", "2.0")) {
        Files.copy(made(version), packages.resolve(version + ".deb"));
        in(root, "dpkg", "-i", "/tmp/packages/" + version + ".deb");
        String status = in(root, "dpkg-query", "-W", "-f", "${Version} ${Status}", "l4proxy");
        assertEquals(version + " install ok installed", status.strip());
        in(
            root,
            "env",
            "-u",
            "TMPDIR",
            "-u",
            "XDG_CONFIG_HOME",
            "HOME=/root",
            "l4proxy",
            "demo",
            "--once");
      }
      in(root, "dpkg", "--purge", "l4proxy");
      assertEquals("", in(root, "find", "/usr", "/etc", "/var/lib", "-name", "*l4proxy*").strip());
    } finally {
      Program.run(directory, TIME, "chroot", named, "dpkg", "--purge", "--force-all", "l4proxy");
      Program.run(directory, TIME, "rm", "-rf", packages.toString());
    }
    assertFalse(Files.exists(root.resolve("usr/bin/l4proxy"), LinkOption.NOFOLLOW_LINKS));
  }

  private String in(Path root, String... words) throws IOException, InterruptedException {
    return Program.run(
        directory,
        TIME,
        Stream.concat(Stream.of("chroot", root.toString()), Stream.of(words))
            .toArray(String[]::new));
  }
}
