package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.Test;

/**
 * Two ends of a tunnel, joined by two queues, in random order: what {@link Opening}, its callers
 * and late threads may do, each step at any time, and the tunnel may break between any two. A
 * failure names its seed; {@code -Dseed=N} runs that one alone, {@code -Dsteps=N} as many seeds as
 * make so many steps.
 */
final class TunnelModelTest {
  private static final int SEEDS = 1_500;
  private static final int OPENINGS = 150;

  /** One step of so many breaks the tunnel. */
  private static final int BREAKS = 400;

  /**
   * A frame under way; {@code opening} is what its sender meant, which the wire does not say of
   * all. Without a type: the tunnel broke.
   */
  private record Frame(FrameType type, int opening) {
    static final Frame BREAK = new Frame(null, 0);
  }

  /** One end: what it may do next depends on its state alone, when it does so on chance. */
  private abstract static class End {
    final TunnelState state;
    final RandomGenerator random;
    final Queue<Frame> out;
    final Queue<Frame> in;

    /** RESETs handed to another thread, which gets to it whenever it does. */
    final List<Integer> later = new ArrayList<>();

    /** Openings that are over at this end, by DONE or because the tunnel broke. */
    final Set<Integer> ended = new HashSet<>();

    boolean lost;
    boolean broken;

    End(Side side, RandomGenerator random, Queue<Frame> out, Queue<Frame> in) {
      this.state = new TunnelState(side);
      this.random = random;
      this.out = out;
      this.in = in;
    }

    boolean send(FrameType type, int about) {
      int meant = type == FrameType.OPEN ? state.number() + 1 : about == 0 ? state.number() : about;
      boolean sent = state.send(type, about);
      if (sent && !lost) {
        out.add(new Frame(type, meant));
      }
      return sent;
    }

    void lateReset() {
      if (!later.isEmpty()) {
        send(FrameType.RESET, later.remove(random.nextInt(later.size())));
      }
    }

    /** Data, an end or a break, of the socket on this side. */
    void speak() {
      switch (random.nextInt(8)) {
        case 0, 1, 2, 3 -> send(FrameType.DATA, 0);
        case 4, 5 -> send(FrameType.FIN, 0);
        case 6 -> send(FrameType.RESET, state.number());
        default -> later.add(state.number());
      }
    }

    void take() throws ProtocolException {
      Frame frame = in.poll();
      if (frame == null) {
        return;
      }
      if (frame.type() == null) {
        broken = true;
        if (!state.idle()) {
          ended();
        }
        return;
      }
      boolean meant = state.receive(frame.type(), frame.opening());
      if (meant) {
        if (frame.type() != FrameType.PING && frame.type() != FrameType.PONG) {
          assertEquals(state.number(), frame.opening(), () -> frame + " in another opening");
        }
        took(frame.type());
      } else {
        assertEquals(FrameType.RESET, frame.type());
      }
    }

    void ended() {
      assertTrue(ended.add(state.number()), () -> "opening " + state.number() + " ended twice");
    }

    /** The tunnel breaks: what is said from now on is lost, and some of what was said before. */
    void loses() {
      lost = true;
      for (int kept = out.isEmpty() ? 0 : random.nextInt(out.size()); out.size() > kept; ) {
        ((ArrayDeque<Frame>) out).removeLast();
      }
      out.add(Frame.BREAK);
    }

    abstract void took(FrameType type);

    abstract void act();
  }

  private static final class Server extends End {
    Server(RandomGenerator random, Queue<Frame> out, Queue<Frame> in) {
      super(Side.SERVER, random, out, in);
    }

    @Override
    void act() {
      if (state.idle()) {
        assertTrue(send(FrameType.OPEN, 0));
      } else {
        speak();
      }
    }

    @Override
    void took(FrameType type) {
      switch (type) {
        case DONE -> ended();
        // as ClientSession.settle: on a thread of its own
        case REFUSED -> later.add(state.number());
        case RESET -> later.add(state.number());
        case PING -> send(FrameType.PONG, 0);
        default -> {}
      }
    }
  }

  private static final class Client extends End {
    Client(RandomGenerator random, Queue<Frame> out, Queue<Frame> in) {
      super(Side.CLIENT, random, out, in);
    }

    @Override
    void act() {
      if (state.opening()) {
        assertTrue(send(random.nextInt(4) == 0 ? FrameType.REFUSED : FrameType.OPENED, 0));
      } else if (state.over()) {
        finish();
      } else {
        speak();
      }
    }

    private void finish() {
      assertTrue(send(FrameType.DONE, 0));
      ended();
    }

    @Override
    void took(FrameType type) {
      switch (type) {
        case RESET -> later.add(state.number());
        case PING -> send(FrameType.PONG, 0);
        default -> {}
      }
    }
  }

  @Test
  void honestEndsAlwaysMeetAgainIdle() {
    run("whole tunnels", TunnelModelTest::honest);
  }

  @Test
  void openingsEndOnceAtEachEndAlsoWhenTheTunnelBreaks() {
    run("breaking tunnels", TunnelModelTest::breaking);
  }

  /** Runs seed after seed, each for so many steps as it returns. */
  private static void run(String what, LongUnaryOperator one) {
    Long only = Long.getLong("seed");
    if (only != null) {
      System.out.println(what + ": " + one.applyAsLong(only) + " steps of seed " + only);
      return;
    }
    long least = Long.getLong("steps", 0);
    long steps = 0;
    long seed = 0;
    for (; least == 0 ? seed < SEEDS : steps < least; seed++) {
      try {
        steps += one.applyAsLong(seed);
      } catch (AssertionError | RuntimeException e) {
        fail("seed " + seed, e);
      }
    }
    System.out.println(what + ": " + steps + " steps of " + seed + " seeds");
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static void step(RandomGenerator random, End end, int lazy) throws ProtocolException {
    switch (random.nextInt(3 + lazy)) {
      case 0 -> end.lateReset();
      case 1 -> {
        if (random.nextInt(8) == 0) {
          end.send(FrameType.PING, 0);
        }
      }
      case 2 -> end.act();
      default -> end.take();
    }
  }

  private static long honest(long seed) {
    RandomGenerator random = random(seed);
    Queue<Frame> down = new ArrayDeque<>();
    Queue<Frame> up = new ArrayDeque<>();
    Server server = new Server(random, down, up);
    Client client = new Client(random, up, down);
    int lazy = 1 + random.nextInt(6); // how much rather one of the four steps is taken than others
    long steps = 0;
    try {
      for (; server.ended.size() < OPENINGS; steps++) {
        assertTrue(steps < 1_000_000, "stuck");
        step(random, random.nextBoolean() ? server : client, lazy);
      }
      while (!down.isEmpty() || !server.later.isEmpty() || !client.later.isEmpty()) {
        server.lateReset();
        client.lateReset();
        client.take();
        server.take();
      }
    } catch (ProtocolException e) {
      throw new AssertionError("between honest ends: " + e.getMessage(), e);
    }
    assertTrue(server.state.idle());
    assertTrue(client.state.idle());
    assertEquals(OPENINGS, server.state.number());
    assertEquals(OPENINGS, client.state.number());
    assertEquals(OPENINGS, client.ended.size());
    return steps;
  }

  /** One tunnel after another, each of which breaks at some time. */
  private static long breaking(long seed) {
    RandomGenerator random = random(seed);
    int lazy = 1 + random.nextInt(6);
    long steps = 0;
    for (int openings = 0; openings < OPENINGS; ) {
      Queue<Frame> down = new ArrayDeque<>();
      Queue<Frame> up = new ArrayDeque<>();
      Server server = new Server(random, down, up);
      Client client = new Client(random, up, down);
      try {
        for (long end = steps + 1_000_000; !server.broken || !client.broken; steps++) {
          assertTrue(steps < end, "stuck");
          if (!server.lost && random.nextInt(BREAKS) == 0) {
            server.loses();
            client.loses();
          }
          End next = random.nextBoolean() ? server : client;
          if (!next.broken) {
            step(random, next, lazy);
          }
        }
      } catch (ProtocolException e) {
        throw new AssertionError("between honest ends: " + e.getMessage(), e);
      }
      assertEquals(server.state.number(), server.ended.size(), "openings that did not end");
      assertEquals(client.state.number(), client.ended.size(), "openings that did not end");
      assertTrue(client.ended.size() <= server.ended.size());
      openings += server.ended.size();
    }
    return steps;
  }

  /** Of random frames, only those are taken that a plain reading of the rules allows. */
  @Test
  void dishonestEndGetsNoDataInOutOfPlace() {
    for (long seed = 0; seed < SEEDS; seed++) {
      RandomGenerator random = random(seed);
      for (Side side : Side.values()) {
        dishonest(random, side, seed);
      }
    }
  }

  private static void dishonest(RandomGenerator random, Side side, long seed) {
    TunnelState state = new TunnelState(side);
    FrameType[] types = FrameType.values();
    boolean flowing = false;
    for (int step = 0; step < 200; step++) {
      FrameType type = types[random.nextInt(types.length)];
      int about = state.number() + random.nextInt(3) - 1;
      int at = step;
      Supplier<String> what =
          () -> "seed " + seed + " step " + at + " " + side + " " + type + " " + about;
      if (random.nextInt(3) == 0) {
        boolean sent = state.send(type, 0);
        if (sent && type == FrameType.DONE) {
          assertFalse(flowing, what);
        }
        if (sent && (type == FrameType.OPEN || type == FrameType.DONE)) {
          flowing = false;
        }
        continue;
      }
      boolean was = flowing;
      int number = state.number();
      try {
        boolean meant = state.receive(type, about);
        switch (type) {
          case OPEN -> {
            assertEquals(Side.CLIENT, side, what);
            assertTrue(about > number, what);
            flowing = true;
          }
          case OPENED -> {
            assertEquals(Side.SERVER, side, what);
            assertEquals(number, about, what);
            flowing = true;
          }
          case DATA -> assertTrue(was, what);
          case FIN -> {
            assertTrue(was, what);
            flowing = false;
          }
          case RESET -> {
            if (meant) {
              assertEquals(number, about, what);
              flowing = false;
            }
          }
          case DONE -> {
            assertFalse(was, what);
            assertEquals(number, about, what);
          }
          default -> {}
        }
      } catch (ProtocolException breach) {
        assertEquals(
            number, state.number(), what); // and a tunnel would be closed now; go on anyway
      }
    }
  }
}
