package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is said where somebody is about to lose a key, and whom the files belong to. */
@Timeout(90)
final class KeyCommandsTest {
  @TempDir private Path home;
  private TestShell server;
  private TestShell user;
  private CompletableFuture<Integer> serverCode;
  private String address;

  @BeforeEach
  void open() throws Exception {
    server = new TestShell(home);
    user = new TestShell(home);
    serverCode = server.start("server", "--ctl_addr", "127.0.0.1:0", "--api_addr", "none");
    String joins = server.line();
    address = joins.substring(joins.lastIndexOf(' ') + 1);
  }

  @AfterEach
  void close() throws Exception {
    user.close();
    server.close();
    serverCode.get(20, TimeUnit.SECONDS);
  }

  private long said(String text) {
    return user.err().lines().filter(line -> line.startsWith("l4proxy: " + text)).count();
  }

  @Test
  void lastAdminKeyIsRevokedWithAWarning() throws Exception {
    String last = "There is no admin key any more: ";
    assertEquals(0, user.run("key", "create", "--admin", "--svr_addr", address, "root"));
    String root = user.line();
    assertEquals(0, user.run("key", "revoke", "--svr_addr", address, "admin"), user.err());
    assertEquals(0, user.run("key", "revoke", "--svr_addr", address, "--join", root, "default"));
    assertEquals(0, said(last), user.err());
    assertEquals(0, user.run("key", "revoke", "--svr_addr", address, "--join", root, "root"));
    assertEquals(1, said(last), user.err());

    server.terminate();
    serverCode.get(20, TimeUnit.SECONDS);
    String state = home.resolve("l4proxy").toString();
    assertEquals(0, user.run("key", "create", "--admin", "--state_dir", state, "root"), user.err());
    assertEquals(0, user.run("key", "revoke", "--state_dir", state, "root"));
    assertEquals(2, said(last), user.err());
    assertEquals(2, user.err().lines().count(), user.err());
  }

  @Test
  void keyThatStdoutDoesNotTakeIsSaidToBeLost() throws Exception {
    user.fills();
    assertEquals(1, user.run("key", "create", "--svr_addr", address, "web"));
    assertEquals(1, said("Stdout takes nothing more"), user.err());
    assertTrue(user.err().contains("the key web was made, and nobody knows it"), user.err());
    assertTrue(user.err().contains("'l4proxy key revoke web'"), user.err());
    assertEquals(0, user.run("key", "revoke", "--svr_addr", address, "web"), user.err());
  }

  @Test
  void forwardProxyWhoseLoginStdoutDoesNotTakeIsSaidToBeThere() throws Exception {
    user.fills();
    assertEquals(1, user.run("server", "forwarder", "--svr_addr", address));
    assertEquals(1, said("Stdout takes nothing more"), user.err());
    String close =
        user.err().replaceFirst("(?s).*'l4proxy (server forwarder close [^ ']+)'.*", "$1");
    List<String> words = new ArrayList<>(List.of(close.split(" ")));
    words.addAll(List.of("--svr_addr", address));
    assertEquals(0, user.run(words.toArray(String[]::new)), user.err());
  }

  @Test
  void keysThatRootMakesForAnotherUsersServerStayThatUsers() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can");
    Path state = Files.createDirectory(home.resolve("another"));
    assertEquals(0, user.run("key", "create", "first", "--state_dir", state.toString()));
    Files.delete(state.resolve("lock"));
    for (Path each : all(state)) {
      Files.setAttribute(each, "unix:uid", 10_001);
      Files.setAttribute(each, "unix:gid", 10_002);
    }
    assertEquals(0, user.run("key", "create", "root", "--admin", "--state_dir", state.toString()));
    assertTrue(Files.exists(state.resolve("lock")));
    for (Path each : all(state)) {
      Map<String, Object> owner = Files.readAttributes(each, "unix:uid,gid");
      assertEquals(Map.of("uid", 10_001, "gid", 10_002), owner, each.toString());
    }
  }

  private static List<Path> all(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.toList();
    }
  }
}
