package l4proxy.cli;

import java.util.concurrent.CountDownLatch;

/**
 * A program of its own for {@link SignalsTest}: says when it was signalled, then ends, or never
 * does.
 */
final class SignalledProgram {
  private SignalledProgram() {}

  public static void main(String[] words) throws InterruptedException {
    try (Signals signals = Signals.listen()) {
      System.out.println("ready");
      signals.await();
      System.out.println("signalled");
      if (words.length > 0) {
        new CountDownLatch(1).await();
      }
    }
  }
}
