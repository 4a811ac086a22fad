package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** nginx answers curl through the proxy. */
@Tag("beside")
@OneByOne
@Timeout(150)
final class NginxIT {
  private static final String PAGE = "Hello from nginx.\n";
  private static final int REQUESTS = 20;

  @TempDir private static Path directory;
  @AutoClose private static Nginx nginx;
  @AutoClose private static Account account;
  private static String url;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    nginx = new Nginx(directory);
    Files.writeString(nginx.root().resolve("page.txt"), PAGE);
    account = new Account(directory.resolve("account"));
    account.server();
    url = "http://127.0.0.1:" + Account.publicPort(account.client(nginx.port()));
  }

  private static String curl(String... words) throws IOException, InterruptedException {
    return Curl.run(directory, words);
  }

  @Test
  void curlGetsAPage() throws IOException, InterruptedException {
    curl("-o", "page", url + "/page.txt");
    assertEquals(PAGE, Files.readString(directory.resolve("page")));
  }

  @Test
  void fiftyMegabytesAreExact() throws IOException, InterruptedException {
    Path file = Content.file(nginx.root().resolve("large"), 50L * 1024 * 1024, 2);
    curl("-o", "large", url + "/large");
    assertEquals(Content.sha256(file), Content.sha256(directory.resolve("large")));
  }

  @Test
  void severalRequestsUseOneConnection() throws IOException, InterruptedException {
    List<String> words =
        new ArrayList<>(List.of("-w", "%{http_code} %{num_connects} %header{x-connection}\\n"));
    for (int i = 0; i < REQUESTS; i++) {
      words.addAll(List.of("-o", "page" + i, url + "/page.txt"));
    }
    List<String> lines = curl(words.toArray(String[]::new)).lines().toList();
    String connection = lines.getFirst().split(" ", -1)[2];
    List<String> expected = new ArrayList<>(Collections.nCopies(REQUESTS, "200 0 " + connection));
    expected.set(0, "200 1 " + connection);
    assertEquals(expected, lines);
  }
}
