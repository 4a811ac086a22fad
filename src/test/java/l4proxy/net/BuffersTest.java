package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class BuffersTest {
  private static Set<byte[]> identities() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  @Test
  void poolKeepsNoMoreThanSixtyFour() {
    List<byte[]> given = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      given.add(new byte[Buffers.LARGE]);
    }
    given.forEach(Buffers::give);
    Set<byte[]> known = identities();
    known.addAll(given);
    int again = 0;
    List<byte[]> taken = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      byte[] buffer = Buffers.take();
      assertEquals(Buffers.LARGE, buffer.length);
      taken.add(buffer);
      again += known.contains(buffer) ? 1 : 0;
    }
    assertTrue(again <= 64, again + " kept");
    Set<byte[]> distinct = identities();
    distinct.addAll(taken);
    assertEquals(500, distinct.size(), "a buffer was lent twice");
  }

  @Test
  void bufferGivenBackIsLentAgain() {
    for (int i = 0; i < 64; i++) {
      Buffers.take();
    }
    byte[] buffer = new byte[Buffers.LARGE];
    Buffers.give(buffer);
    assertSame(buffer, Buffers.take());
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
