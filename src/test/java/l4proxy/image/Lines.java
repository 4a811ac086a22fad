package l4proxy.image;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process prints, line by line as it comes, each with the time it came. A thread of its own
 * reads until the end of the stream.
 */
final class Lines {
  /** A line, and {@link System#nanoTime()} when it was there. */
  record Line(String text, long at) {}

  private final List<Line> lines = new ArrayList<>();
  private final Thread reader;
  private boolean ended;

  Lines(String name, InputStream from) {
    reader = Thread.ofPlatform().daemon().name(name).start(() -> read(from));
  }

  private void read(InputStream from) {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        add(line);
      }
    } catch (IOException processGone) {
      // what came until then counts
    } finally {
      end();
    }
  }

  private synchronized void add(String line) {
    lines.add(new Line(line, System.nanoTime()));
    notifyAll();
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  /**
   * Waits for the line in which the expression is found, that many times after the first; empty
   * when none comes in time.
   */
  synchronized Optional<Line> await(Pattern expression, int skip, Duration time)
      throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (true) {
      Optional<Line> found =
          lines.stream().filter(l -> expression.matcher(l.text()).find()).skip(skip).findFirst();
      long left = deadline - System.nanoTime();
      if (found.isPresent() || ended || left <= 0) {
        return found;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  /** How many lines the expression is found in so far. */
  synchronized long count(String expression) {
    Pattern pattern = Pattern.compile(expression);
    return lines.stream().map(l -> pattern.matcher(l.text())).filter(Matcher::find).count();
  }

  synchronized List<String> all() {
    return lines.stream().map(Line::text).toList();
  }

  String text() {
    return String.join("\n", all());
  }

  /** Waits for the end of the stream, for a moment: a grandchild may hold it open. */
  void join() throws InterruptedException {
    reader.join(Duration.ofSeconds(2));
  }
}
