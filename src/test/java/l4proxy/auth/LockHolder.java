package l4proxy.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another process that holds the lock on a file until it is told to go. */
final class LockHolder implements AutoCloseable {
  private static final String SOURCE =
      """
      import java.nio.channels.FileChannel;
      import java.nio.file.*;
      class Hold {
        public static void main(String[] args) throws Exception {
          try (var file = FileChannel.open(
                  Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
              var lock = file.tryLock()) {
            System.out.println(lock == null ? "refused" : "locked");
            System.in.read();
            if (args.length > 1) Files.writeString(Path.of(args[1]), args[2]);
          }
        }
      }
      """;

  private final Process process;
  private final String answer;

  private LockHolder(Process process, String answer) {
    this.process = process;
    this.answer = answer;
  }

  /** Tries to lock the file; before it goes, writes content to another file, if one is named. */
  static LockHolder start(Path scratch, Path lock, String... fileAndContent) throws IOException {
    Path source =
        Files.writeString(Files.createTempDirectory(scratch, "s").resolve("Hold.java"), SOURCE);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder = new ProcessBuilder(java, source.toString(), lock.toString());
    builder.command().addAll(List.of(fileAndContent));
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new LockHolder(process, process.inputReader().readLine());
  }

  /** Did it get the lock? */
  boolean hasLock() {
    return answer.equals("locked");
  }

  /** Lets it end by itself. */
  void release() throws IOException {
    process.getOutputStream().close();
  }

  @Override
  public void close() throws IOException {
    release();
    try {
      process.onExit().orTimeout(50, TimeUnit.SECONDS).join();
    } finally {
      process.destroyForcibly();
    }
  }
}
