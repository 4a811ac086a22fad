package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What root makes for a server that runs as another user belongs to that user. */
@Timeout(60)
final class OwnersTest {
  private static final String SERVERS = "10001:10002";
  private static final String OTHER = "10003:10004";

  @TempDir Path temp;
  private Path state;

  @BeforeEach
  void haveAStateOfAnotherUser() throws IOException {
    assumeTrue(owner(Path.of("/proc/self")).startsWith("0:"), "only root can give files away");
    state = Files.createDirectory(temp.resolve("state"));
    give(state, SERVERS);
  }

  private static String owner(Path path) throws IOException {
    Map<String, Object> read =
        Files.readAttributes(path, "unix:uid,gid", LinkOption.NOFOLLOW_LINKS);
    return read.get("uid") + ":" + read.get("gid");
  }

  private static void give(Path path, String owner) throws IOException {
    String[] ids = owner.split(":", -1);
    Files.setAttribute(path, "unix:uid", Integer.valueOf(ids[0]), LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", Integer.valueOf(ids[1]), LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  void newFilesBelongToTheOwnerOfTheirDirectory() throws Exception {
    try (StateDirectory directory = StateDirectory.open(state)) {
      directory.write("x.json", "1");
    }
    assertEquals(SERVERS, owner(state.resolve("lock")));
    assertEquals(SERVERS, owner(state.resolve("x.json")));
  }

  @Test
  void fileThatIsReplacedKeepsItsOwner() throws Exception {
    Path file = Files.writeString(state.resolve("x.json"), "old");
    give(file, OTHER);
    try (StateDirectory directory = StateDirectory.open(state)) {
      directory.write("x.json", "new");
    }
    assertEquals("new", Files.readString(file));
    assertEquals(OTHER, owner(file));
  }

  @Test
  void whatASymbolicLinkLeadsToKeepsItsOwner() throws Exception {
    Path file = Files.writeString(temp.resolve("elsewhere"), "old");
    give(file, OTHER);
    Path link = Files.createSymbolicLink(state.resolve("x.json"), file);
    new WholeFile(link).write("new");
    assertEquals("new", Files.readString(file));
    assertEquals(OTHER, owner(file));
    assertEquals("0:0", owner(link));
  }

  @Test
  void newDirectoriesBelongToTheOwnerOfTheOneThatWasThere() throws Exception {
    PrivateFiles.createDirectories(state.resolve("a/b"));
    assertEquals(SERVERS, owner(state.resolve("a")));
    assertEquals(SERVERS, owner(state.resolve("a/b")));
    assertEquals("0:0", owner(temp));
  }
}
