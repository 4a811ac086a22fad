package l4proxy.image;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** The Debian package of the image that is tested. */
final class DebianPackage {
  private static final Duration TIME = Duration.ofSeconds(120);

  private DebianPackage() {}

  /** Makes one of this version; the test is skipped where that cannot be. */
  static Path made(String version, Path directory) throws IOException, InterruptedException {
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
}
