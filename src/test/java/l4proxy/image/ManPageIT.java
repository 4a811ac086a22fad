package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The manual page, as groff reads it. */
@Tag("beside")
@Timeout(60)
final class ManPageIT {
  @TempDir private Path directory;

  @Test
  void groffReadsItWithoutAWarning() throws IOException, InterruptedException {
    String groff = Tools.require("groff");
    Path page = directory.resolve("l4proxy.1");
    try (Account account = new Account(directory.resolve("account"))) {
      Program man = account.l4proxy("man");
      assertEquals(0, man.exit(), man.said());
      Files.writeString(page, man.out().text() + "\n");
    }
    try (Program show =
        Program.start(directory, groff, "-man", "-ww", "-Tascii", "-P-cbou", page.toString())) {
      assertEquals(0, show.exit(Duration.ofSeconds(20)), show.said());
      assertEquals("", show.err().text());
      String text = show.out().text();
      assertTrue(text.contains("   l4proxy client list user\n"), text);
      assertTrue(text.contains("       --ctl_addr [HOST]:PORT\n"), text);
      assertTrue(text.contains("       -h, --help\n"), text);
      assertTrue(text.contains("       --version\n"), text);
      assertTrue(text.contains("\"server\": \"example.org:2222\""), text);
    }
  }
}
