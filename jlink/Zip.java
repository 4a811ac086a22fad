import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Packs a directory, its name in front: Zip DIRECTORY FILE. As zip does, where no zip is at hand; jar would lose the modes. The same
 * files give the same archive.
 */
final class Zip {
  private static final FileTime TIME = FileTime.from(Instant.parse("2025-01-01T00:00:00Z"));

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]).toAbsolutePath();
    Path archive = Path.of(args[1]);
    Files.deleteIfExists(archive);
    List<Path> files;
    try (Stream<Path> found = Files.walk(directory)) {
      files = found.filter(Files::isRegularFile).sorted().toList();
    }
    try (FileSystem zip =
        FileSystems.newFileSystem(archive, Map.of("create", "true", "enablePosixFileAttributes", "true"))) {
      for (Path file : files) {
        Path packed = zip.getPath(directory.getParent().relativize(file).toString());
        Files.createDirectories(packed.getParent());
        Files.copy(file, packed);
        Files.setPosixFilePermissions(packed, Files.getPosixFilePermissions(file));
      }
      try (Stream<Path> packed = Files.walk(zip.getPath("/"))) {
        packed.filter(each -> each.getNameCount() > 0).forEach(Zip::finish);
      }
    }
  }

  private static void finish(Path packed) {
    try {
      if (Files.isDirectory(packed)) {
        Files.setPosixFilePermissions(packed, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Files.setLastModifiedTime(packed, TIME);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
