package l4proxy.cli;

import java.io.Console;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import l4proxy.client.Progress;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/**
 * The last line of a terminal, which shows how a client gets on, anew each second; whatever else is
 * said goes above it. Where stdout is no terminal there is no such line, and all else as it is.
 *
 * <p>A virtual thread, {@code live line}, draws it until {@link #close()}, which takes the line
 * away. Any thread may speak.
 */
final class LiveLine implements AutoCloseable {
  private static final String CLEAR = "\r\u001b[K";

  /** Without wrapping: a line too long for the terminal is cut off. */
  private static final String CUT = "\u001b[?7l";

  private static final String WRAP = "\u001b[?7h";

  private final PrintStream out;
  private final boolean shown;
  private final boolean coloured;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile @Nullable Supplier<Progress> progress;
  private @Nullable Thread drawing;
  private String line = "";

  LiveLine(PrintStream out, boolean shown, boolean coloured) {
    this.out = out;
    this.shown = shown;
    this.coloured = coloured;
  }

  /** The line of the terminal that stdout is; with colours, unless NO_COLOR is set. */
  static LiveLine on(Shell shell) {
    Map<String, String> environment = shell.environment();
    @Nullable Console console = System.console();
    boolean terminal =
        console != null
            && console.isTerminal()
            && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    return new LiveLine(shell.out(), terminal, environment.getOrDefault("NO_COLOR", "").isEmpty());
  }

  /** Shows how a client gets on from now on. */
  void show(Supplier<Progress> shows) {
    if (shown) {
      progress = shows;
      drawing = Thread.ofVirtual().name("live line").start(this::keepDrawing);
    }
  }

  private void keepDrawing() {
    try {
      do {
        draw(now());
      } while (!over.await(1, TimeUnit.SECONDS));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  /** What the line is to be; empty before there is any. */
  private String now() {
    Supplier<Progress> shows = progress;
    return shows == null ? "" : ProgressText.line(shows.get(), coloured);
  }

  private synchronized void draw(String now) {
    if (!now.equals(line)) {
      line = now;
      redraw();
    }
  }

  private void redraw() {
    out.print(CLEAR + CUT + line + WRAP);
    out.flush();
  }

  /** Writes a result above the line. */
  void print(String result) {
    above(() -> out.println(result));
  }

  /** Events told above the line. */
  Events above(Events events) {
    return shown ? event -> above(() -> events.happened(event)) : events;
  }

  private synchronized void above(Runnable speaking) {
    if (!line.isEmpty()) {
      out.print(CLEAR);
      out.flush();
    }
    speaking.run();
    out.flush();
    if (!line.isEmpty()) {
      line = now();
      redraw();
    }
  }

  @Override
  public void close() {
    over.countDown();
    Thread last = drawing;
    if (last != null) {
      try {
        last.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      clear();
    }
  }

  private synchronized void clear() {
    line = "";
    out.print(CLEAR);
    out.flush();
  }
}
