package l4proxy.image;

import java.time.Duration;

/**
 * How a server and its client lose each other once more, and come together again, from what they
 * print. Made before the fault; times are those of {@link System#nanoTime()}.
 */
final class Recovery {
  private static final String LOST = " no connection to server";
  private static final String CONNECTED = " connected to server";
  private static final String GONE = "client \\S+ is gone";

  private final Program server;
  private final Program client;
  private final int lost;
  private final int connected;
  private final int gone;

  Recovery(Program server, Program client) {
    this.server = server;
    this.client = client;
    this.lost = (int) client.err().count(LOST);
    this.connected = (int) client.err().count(CONNECTED);
    this.gone = (int) server.err().count(GONE);
  }

  /** Waits until the client knows. */
  long clientKnows() throws InterruptedException {
    return await(client, LOST, lost);
  }

  /** Waits until the server knows. */
  long serverKnows() throws InterruptedException {
    return await(server, GONE, gone);
  }

  /** Waits until the client is connected anew. */
  long back() throws InterruptedException {
    return await(client, CONNECTED, connected);
  }

  private static long await(Program program, String expression, int skip)
      throws InterruptedException {
    Duration time = Faults.PATIENCE;
    return program.await(program.err(), expression, skip, time).at();
  }
}
