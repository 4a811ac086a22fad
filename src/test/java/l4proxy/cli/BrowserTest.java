package l4proxy.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class BrowserTest {
  private static final String LINK = "http://127.0.0.1:2223/#code=secret";

  @TempDir Path directory;

  private Path program(String name, String script) throws Exception {
    Path program = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + script + "\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void linkReachesTheBrowserInAPrivateFileAndNotAsAnArgument() throws Exception {
    Path seen = directory.resolve("seen");
    Path opener =
        program("xdg-open", "echo \"$@\" > " + seen + ".new; mv " + seen + ".new " + seen);
    try (TestShell shell = new TestShell(directory)) {
      new Browser(shell.shell()).open(opener, LINK);
      await().until(() -> Files.exists(seen));
      Path page = Path.of(Files.readString(seen).strip());
      assertTrue(Files.readString(page).contains("url=" + LINK + "\""));
      assertEquals(
          PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(page));
    }
  }

  @Test
  void firstOpenerOnThePathIsTaken() throws Exception {
    assertEquals(Optional.empty(), Browser.opener("" + directory));
    Path open = program("open", "");
    assertEquals(Optional.of(open), Browser.opener("/nowhere" + File.pathSeparator + directory));
    Path preferred = program("xdg-open", "");
    assertEquals(Optional.of(preferred), Browser.opener("" + directory));
  }

  @Test
  void openerThatDoesNotStartIsSaid() throws Exception {
    try (TestShell shell = new TestShell(directory)) {
      new Browser(shell.shell()).open(directory.resolve("nothing"), LINK);
      assertTrue(shell.err().contains("open the link yourself"), shell.err());
    }
  }
}
