package l4proxy.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LogFileTest {
  @TempDir private Path directory;

  /** A disk that takes some bytes, then refuses so many writes, and is free again. */
  private static final class FillingDisk implements WritableByteChannel {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private int room;
    private int refusals;

    private FillingDisk(int room, int refusals) {
      this.room = room;
      this.refusals = refusals;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      if (room == 0 && refusals > 0) {
        refusals--;
        throw new IOException("No space left on device");
      }
      byte[] taken = new byte[refusals == 0 ? from.remaining() : Math.min(room, from.remaining())];
      from.get(taken);
      written.writeBytes(taken);
      room -= Math.min(room, taken.length);
      return taken.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({
    "4, 1, {\"a\"|{\"b\":2}|{\"c\":3}|",
    "4, 2, {\"a\"|{\"c\":3}|", // the end of the torn line is refused, too
    "7, 2, {\"a\":1}|{\"c\":3}|", // torn just before the end
    "8, 1, {\"a\":1}|{\"c\":3}|", // not torn
    "0, 2, {\"c\":3}|"
  })
  void whatComesBehindATornLineStandsOnLinesOfItsOwn(int room, int refusals, String content)
      throws IOException {
    FillingDisk disk = new FillingDisk(room, refusals);
    LogFile file = LogFile.of(disk);
    int refused = 0;
    for (String line : new String[] {"{\"a\":1}\n", "{\"b\":2}\n", "{\"c\":3}\n"}) {
      try {
        file.write(line.getBytes(UTF_8));
      } catch (IOException full) {
        refused++;
      }
    }
    assertEquals(refusals, refused);
    assertEquals(content.replace('|', '\n'), disk.written.toString(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"'', '{}|'", "'{}|', '{}|{}|'", "'{\"a', '{\"a|{}|'"})
  void fileThatEndsWithinALineGetsItsEndFirst(String before, String after) throws IOException {
    Path path = directory.resolve("access.log");
    Files.writeString(path, before.replace('|', '\n'));
    try (LogFile file = LogFile.open(path)) {
      file.write("{}\n".getBytes(UTF_8));
    }
    assertEquals(after.replace('|', '\n'), Files.readString(path));
  }

  @Test
  void directoryIsNoFile() {
    assertThrows(IOException.class, () -> LogFile.open(directory));
  }
}
