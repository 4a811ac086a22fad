package l4proxy.client;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/**
 * The control connections to processes of the server that were taken over, and have users yet: each
 * goes on beside the next one, on a thread of its own, until the server ends it. Any thread, but
 * {@link #keep}.
 */
final class EarlierSessions implements AutoCloseable {
  /** More than an honest server has at once, however often it is taken over. */
  private static final int MOST = 8;

  private final ProxyClient client;
  private final Set<ServerSession> all = ConcurrentHashMap.newKeySet();

  /** None yet. */
  EarlierSessions(ProxyClient client) {
    this.client = client;
  }

  /**
   * Keeps one more; the client's own thread.
   *
   * @throws IOException when there are too many: it is lost
   */
  void keep(ServerSession last) throws IOException {
    boolean kept = false;
    try {
      if (all.size() >= MOST) {
        throw new IOException("it is taken over again and again");
      }
      all.add(last);
      client.threads().execute(() -> runOut(last));
      kept = true;
    } catch (RejectedExecutionException closing) {
      // nothing goes on any more
    } finally {
      if (!kept) {
        all.remove(last);
        last.end();
      }
    }
  }

  private void runOut(ServerSession last) {
    Thread.currentThread().setName("control before");
    try {
      last.runOut();
    } catch (IOException gone) {
      // as was to be expected
    } catch (RefusedException ended) {
      client.over(ended);
    } finally {
      all.remove(last);
    }
  }

  /** Whether there is none. */
  boolean isEmpty() {
    return all.isEmpty();
  }

  /** Tells each server process to send no new users. */
  void leave() {
    all.forEach(ServerSession::leave);
  }

  /** Tells each server process that a service is not wanted any more. */
  void withdraw(Service service) {
    all.forEach(each -> each.withdraw(service));
  }

  @Override
  public void close() {
    all.forEach(ServerSession::close);
  }
}
