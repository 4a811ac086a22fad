package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import l4proxy.client.ServiceConfig;
import l4proxy.server.ServerConfig;
import org.junit.jupiter.api.io.TempDir;

/** Whatever stands in a {@code --config} file is a configuration within bounds, or a sentence. */
final class ConfigFileFuzzTest {
  private static final int LONGEST = 4_000;

  @TempDir private static Path directory;

  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) throws IOException {
    List<String> words =
        List.of("--config", Files.write(directory.resolve("config.json"), data).toString());
    client(words, new String(data, StandardCharsets.UTF_8));
    server(words);
  }

  private static void client(List<String> words, String text) {
    try {
      ClientCommand command = new ClientCommand();
      assertTrue(new Binding(command, new Options(command)).fill(words, Map.of()));
      List<ServiceConfig> services = command.services();
      JsonElement said = JsonParser.parseString(text).getAsJsonObject().get("services");
      assertEquals(said == null ? 1 : said.getAsJsonArray().size(), services.size());
      for (ServiceConfig each : services) {
        assertTrue(each.name().matches("[A-Za-z0-9._-]{1,19}"), each.name());
        assertTrue(each.publicPort() >= 0 && each.publicPort() <= 65_535);
        assertTrue(each.backend().port() >= 1 && each.backend().port() <= 65_535);
        assertFalse(each.backend().host().isEmpty());
      }
    } catch (UsageException | FailedException fault) {
      oneSentence(fault);
    }
  }

  private static void server(List<String> words) {
    try {
      ServerCommand command = new ServerCommand();
      assertTrue(new Binding(command, new Options(command)).fill(words, Map.of()));
      ServerConfig config = command.config();
      assertTrue(config.ctlAddr().port() >= 0 && config.ctlAddr().port() <= 65_535);
      assertFalse(config.drain().isNegative());
      assertTrue(config.limits().maxUsers() >= 0);
    } catch (UsageException | FailedException fault) {
      oneSentence(fault);
    }
  }

  private static void oneSentence(Exception fault) {
    String said = fault.getMessage();
    assertTrue(said.chars().noneMatch(Character::isISOControl), said);
    assertTrue(said.length() < LONGEST, said);
    assertFalse(said.matches("(?s).*l4p1_[A-Za-z0-9_-]{43,}.*"), said);
  }
}
