package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** What is in the Debian package made of the image. */
@Timeout(240)
@Tag("beside")
@Execution(ExecutionMode.SAME_THREAD)
final class DebianPackageIT {
  private static final Duration TIME = Duration.ofSeconds(120);

  @TempDir private Path directory;

  @Test
  void packageHasAllThatBelongsToIt() throws IOException, InterruptedException {
    Path root = directory.resolve("root");
    Path made = DebianPackage.made("1.2.3~test", directory);
    Program.run(directory, TIME, "dpkg-deb", "-x", made.toString(), root.toString());
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
}
