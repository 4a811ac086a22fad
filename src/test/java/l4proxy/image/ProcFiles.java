package l4proxy.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the kernel and {@code jcmd} say of a process of the image. */
record ProcFiles(long pid) {
  private static final Pattern USED = Pattern.compile("used ([0-9]+)K");

  /** The names of its threads, of which the kernel keeps 15 characters. */
  List<String> threads() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : all) {
        try {
          names.add(Files.readString(thread.resolve("comm")).strip());
        } catch (IOException e) {
          // it has just ended
        }
      }
    }
    return names;
  }

  long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return all.count();
    }
  }

  /** The heap in use right after a full collection. */
  long heapKib() throws IOException, InterruptedException {
    jcmd("GC.run");
    Matcher used = USED.matcher(jcmd("GC.heap_info"));
    long sum = 0;
    while (used.find()) {
      sum += Long.parseLong(used.group(1));
    }
    return sum;
  }

  /** All of its threads, virtual ones too, with their stacks. */
  List<String> threadDump() throws IOException, InterruptedException {
    Path file = Files.createTempFile("threads", ".txt");
    try {
      jcmd("Thread.dump_to_file", "-overwrite", file.toString());
      return Files.readAllLines(file);
    } finally {
      Files.delete(file);
    }
  }

  private String jcmd(String... command) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    words.add(String.valueOf(pid));
    words.addAll(List.of(command));
    Process jcmd = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (jcmd.waitFor() != 0) {
      throw new AssertionError(String.join(" ", words) + ": " + said);
    }
    return said;
  }
}
