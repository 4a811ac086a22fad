package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real signals to a process of its own. */
@Timeout(60)
class SignalsTest {
  private static Process start(String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-preview",
                "-cp",
                System.getProperty("java.class.path"),
                SignalledProgram.class.getName()));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** A shell's background jobs start with SIGINT ignored, which a JVM keeps to. */
  private static void assumeNotIgnored(String name) throws Exception {
    Path status = Path.of("/proc/self/status");
    if (name.equals("INT") && Files.exists(status)) {
      String ignored =
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("SigIgn:"))
              .map(line -> line.substring(7).strip())
              .findFirst()
              .orElse("0");
      assumeTrue((Long.parseUnsignedLong(ignored, 16) & 2) == 0, "SIGINT is ignored here");
    }
  }

  private static void signal(String name, Process process) throws Exception {
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start();
    assertEquals(0, kill.waitFor());
  }

  private static int code(Process process) throws Exception {
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    return process.exitValue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void firstSignalLetsTheProgramEndItself(String name) throws Exception {
    assumeNotIgnored(name);
    Process process = start();
    try (BufferedReader out = process.inputReader()) {
      assertEquals("ready", out.readLine());
      signal(name, process);
      assertEquals("signalled", out.readLine());
      assertEquals(0, code(process));
    } finally {
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void secondSignalEndsItAtOnce(String name, int code) throws Exception {
    assumeNotIgnored(name);
    Process process = start("never ends");
    try (BufferedReader out = process.inputReader()) {
      assertEquals("ready", out.readLine());
      signal("TERM", process);
      assertEquals("signalled", out.readLine());
      signal(name, process);
      assertEquals(code, code(process));
    } finally {
      process.destroyForcibly();
    }
  }
}
