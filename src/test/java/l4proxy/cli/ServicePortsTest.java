package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which ports the services of one client may ask for together. */
@Timeout(60)
final class ServicePortsTest {
  @TempDir private Path home;
  private TestShell shell;

  @BeforeEach
  void open() throws Exception {
    shell = new TestShell(home);
  }

  @AfterEach
  void close() {
    shell.close();
  }

  private String file(String one, String other) throws Exception {
    String text = "{\"services\": [{\"name\": \"a\", %s}, {\"name\": \"b\", %s}]}";
    return Files.writeString(
            home.resolve("client.json"), text.formatted(one, other).replace('\'', '"'))
        .toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          'publicPort': 7000 | 'publicPort': 7000 | public port 7000
          'publicPort': 7000, 'sharePublicPort': true | 'publicPort': 7000 | public port 7000
          'publicPort': 7000 | 'publicPort': 7000, 'sharePublicPort': true | public port 7000
          'publicPort': 7000, 'sharePublicPort': true | 'publicPort': 7000, 'sharePublicPort': true, 'balance': 'first' | --balance least_conn and --balance first
          'publicPort': 7000 | 'intPort': 7000 | --int_port
          'intPort': 7000 | 'publicPort': 7000 | --int_port
          'publicPort': 7000, 'intPort': 7000 | 'publicPort': 7001 | --int_port
          """)
  void whatTheServerWouldRefuseIsTwoWithASentence(String one, String other, String named)
      throws Exception {
    String file = file(one, other);
    assertEquals(2, shell.run("client", "--check_config", "--config", file), shell.err());
    assertTrue(shell.err().contains(named), shell.err());
    assertEquals(1, shell.err().lines().count(), shell.err());
    assertEquals(2, shell.run("client", "--config", file), shell.err());
    assertEquals(0, shell.rest().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'publicPort': 0|'publicPort': 0",
        "'publicPort': 7000, 'sharePublicPort': true|"
            + "'publicPort': 7000, 'sharePublicPort': true, 'balance': 'least_conn'",
        "'publicPort': 0, 'sharePublicPort': true|"
            + "'publicPort': 0, 'sharePublicPort': true, 'balance': 'first'",
        "'publicPort': 7000, 'intPort': 7001|'publicPort': 7002, 'intPort': 7001",
        "'publicPort': 7000, 'intPort': 0|'intPort': 0"
      })
  void whatTheServerTakesIsRight(String both) throws Exception {
    String[] services = both.split("\\|");
    String file = file(services[0], services[1]);
    assertEquals(0, shell.run("client", "--check_config", "--config", file), shell.err());
    assertEquals(2, shell.rest().size());
  }
}
