package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import l4proxy.DocPage;
import l4proxy.lab.Lab;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * README, and the tutorial with what begins where it ends, typed by somebody who has machines: see
 * {@link Newcomer}.
 */
@Timeout(240)
@Tag("beside")
final class DocsIT {
  private static final Path README = Path.of("README.md");
  private static final List<Path> TUTORIAL =
      Stream.of("tutorial.md", "recipes.md", "migration.md")
          .map(DocPage.DIRECTORY::resolve)
          .toList();

  @TempDir private Path directory;

  @Test
  void readmeDoesWhatItSays() throws Exception {
    follow(List.of(README));
  }

  @Test
  void tutorialAndRecipesDoWhatTheySay() throws Exception {
    follow(TUTORIAL);
  }

  private void follow(List<Path> pages) throws Exception {
    Lab.missing().ifPresent(Tools::skip);
    try (Lab lab = new Lab();
        Newcomer newcomer = new Newcomer(directory, lab)) {
      for (Path each : pages) {
        newcomer.follow(DocPage.read(each));
      }
    }
  }

  @Test
  void otherPagesHaveNothingThatIsToBeRun() throws IOException {
    for (DocPage page : DocPage.all()) {
      if (!page.path().equals(README) && !TUTORIAL.contains(page.path())) {
        assertTrue(
            page.blocks().stream().allMatch(block -> block.use() == DocPage.Use.READ),
            page.path().toString());
      }
    }
  }

  @Test
  void pictureIsDrawnFromTheTutorial() throws IOException, InterruptedException {
    String picture = "src/doc/picture.py";
    Path here = Path.of("").toAbsolutePath();
    String drawn = Program.run(here, Duration.ofSeconds(20), Tools.require("python3"), picture);
    String kept = Files.readString(DocPage.DIRECTORY.resolve("terminal.svg"));
    assertEquals(kept.stripTrailing(), drawn, "draw it anew: see " + picture);
  }
}
