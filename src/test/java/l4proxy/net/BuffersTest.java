package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class BuffersTest {
  private static final int THREADS = 100;
  private static final int EACH = 5;

  private static Set<byte[]> identities() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /** Each thread has places of its own; only with many of them is every place of the pool used. */
  @Test
  void poolKeepsNoMoreThanSixtyFour() throws Exception {
    Set<byte[]> given = Collections.synchronizedSet(identities());
    Set<byte[]> taken = Collections.synchronizedSet(identities());
    List<Thread> threads = new ArrayList<>();
    CountDownLatch allGave = new CountDownLatch(THREADS);
    for (int t = 0; t < THREADS; t++) {
      threads.add(
          Thread.startVirtualThread(() -> {
            List<byte[]> own = Stream.generate(() -> new byte[Buffers.LARGE]).limit(EACH).toList();
            given.addAll(own);
            own.forEach(Buffers::give);
            allGave.countDown();
            try {
              allGave.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            Stream.generate(Buffers::take).limit(EACH).forEach(taken::add);
          }));
    }
    for (Thread each : threads) {
      each.join();
    }
    assertEquals(THREADS * EACH, taken.size(), "a buffer was lent twice");
    taken.forEach(each -> assertEquals(Buffers.LARGE, each.length));
    taken.retainAll(given);
    assertTrue(taken.size() <= 64, taken.size() + " kept");
    assertTrue(taken.size() >= 32, "only " + taken.size() + " kept");
  }

  @Test
  void threadIsLentAgainWhatItGaveBack() {
    for (int i = 0; i < 64; i++) {
      Buffers.take();
    }
    Set<byte[]> own = identities();
    own.addAll(List.of(new byte[Buffers.LARGE], new byte[Buffers.LARGE]));
    for (int turn = 0; turn < 100; turn++) {
      own.forEach(Buffers::give);
      Set<byte[]> again = identities();
      again.add(Buffers.take());
      again.add(Buffers.take());
      assertEquals(own, again);
    }
  }

  @Test
  void noBufferIsLentToTwoThreads() throws Exception {
    Set<Integer> lent = ConcurrentHashMap.newKeySet();
    Set<String> wrong = ConcurrentHashMap.newKeySet();
    CountDownLatch done = new CountDownLatch(4);
    for (int t = 0; t < 4; t++) {
      int mark = t + 1;
      Thread.ofPlatform()
          .start(() -> {
            for (int i = 0; i < 20_000; i++) {
              byte[] buffer = Buffers.take();
              buffer[0] = (byte) mark;
              if (i % 64 == 0) {
                Thread.yield();
              }
              if (buffer[0] != mark) {
                wrong.add("thread " + mark);
              }
              lent.add(buffer.length);
              Buffers.give(buffer);
            }
            done.countDown();
          });
    }
    done.await();
    assertEquals(Set.of(), wrong);
    assertEquals(Set.of(Buffers.LARGE), lent);
  }

  /** With a frame header in front a chunk is four records, of the longest that others send too. */
  @Test
  void sizesFitTogether() {
    assertEquals(4 * Buffers.RECORD, Buffers.CHUNK + Buffers.HEADROOM);
    assertTrue(Buffers.HEADROOM + 4 * 16_384 <= Buffers.LARGE);
    assertTrue(Buffers.LARGE >= 3 * (16_384 + 22) + 16_709);
  }
}
