package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo} shows the whole in one process, and leaves nothing behind. */
@Timeout(150)
final class DemoIT {
  private static final Pattern URL = Pattern.compile("http://127\\.0\\.0\\.1:[0-9]+/");

  @TempDir private Path directory;

  private Program demo(Account account, String... words) throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    return account.l4proxy(Map.of("L4PROXY_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary), words);
  }

  private void nothingIsLeft(Account account) throws IOException {
    try (Stream<Path> left = Files.list(directory.resolve("tmp"))) {
      assertEquals(List.of(), left.toList());
    }
    assertFalse(Files.exists(account.state()), "it made a state directory");
    assertFalse(Files.exists(account.credentials()), "it wrote credentials");
  }

  @Test
  void onceChecksItselfThroughThePublicPort() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      Program demo = demo(account, "demo", "--once");
      assertEquals(0, demo.exit(), demo.said());
      assertEquals(1, demo.out().all().size(), demo.said());
      assertTrue(URL.matcher(demo.out().text()).find(), demo.said());
      assertEquals(List.of(), demo.err().all(), demo.said());
      nothingIsLeft(account);
    }
  }

  @Test
  void printedUrlWorksUntilItIsInterrupted() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      Program demo = demo(account, "demo");
      Matcher url = URL.matcher(demo.awaitOut(URL.pattern()).text());
      assertTrue(url.find());
      Curl.Answer answer = Curl.ask(directory, url.group());
      assertEquals(200, answer.status(), answer.body());
      assertFalse(answer.body().isBlank());
      demo.signal("INT");
      assertEquals(0, demo.exit(), demo.said());
      assertEquals(0, demo.err().count("Exception|\\tat |WARNING"), demo.said());
      nothingIsLeft(account);
    }
  }

  @Test
  void placeThatIsNotThereIsSaidInOneSentence() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      String none = directory.resolve("none").toString();
      Program demo = account.l4proxy(Map.of("TMPDIR", none), "demo", "--once");
      assertEquals(1, demo.exit(), demo.said());
      assertEquals(
          List.of(
              "l4proxy: Cannot make a directory in "
                  + none
                  + ": set TMPDIR to one that is there and can be written."),
          demo.err().all());
    }
  }
}
