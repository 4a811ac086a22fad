package l4proxy.image;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Programs of the machine that tests use. */
final class Tools {
  private Tools() {}

  /**
   * Where a program is; the test that wants it is skipped, and the reason printed, when it is not
   * there.
   */
  static String require(String name) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin";
    return Stream.of(path.split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseGet(() -> skip(name + " is not installed"));
  }

  /** Skips the test, and says why. */
  static String skip(String reason) {
    System.out.println("SKIPPED: " + reason);
    Assumptions.abort(reason);
    return reason;
  }
}
