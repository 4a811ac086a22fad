package l4proxy.server;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.auth.StateException;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.AcceptLoop;
import l4proxy.net.HostPort;

/**
 * Lets another server process take this one over, see {@link Takeover}: shares each listener,
 * closes it once the other has it, tells the clients to connect anew, and gives the state directory
 * up at the end. Whatever goes wrong before the other holds it takes everything back.
 *
 * <pre>
 *              Take                    Finish              the other holds the directory
 *   SERVING ----------> HANDING OVER ----------> RELEASED ------------------------------> HANDED OVER
 *      ^                     |                      |                                   (users finish)
 *      +---------------------+----------------------+
 *        the other is gone, or does nothing for {@link #SILENCE}
 * </pre>
 *
 * <p>Each process that connects has a virtual thread. {@link #close()} returns at once.
 */
final class Handover implements AutoCloseable {
  /** After so long without a word the other is given up. */
  static final Duration SILENCE = Duration.ofSeconds(15);

  private static final Duration HELLO = Duration.ofSeconds(2);

  /** So long clients that are just away may take to come back. */
  private static final Duration COMING = Duration.ofSeconds(4);

  /**
   * So long clients may take then to fill the pools, before no more tunnels can come; both together
   * less than the other's patience.
   */
  private static final Duration FILLING = Duration.ofSeconds(3);

  /** So long the ports of a process that is gone may take to be free. */
  private static final Duration FREEING = Duration.ofSeconds(5);

  private static final long LOOK_MILLIS = 20;

  private final Estate estate;
  private final Events events;
  private final String version;
  private final TakeoverDoor door;
  private final GivenListeners given;
  private final ReentrantLock one = new ReentrantLock();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean handedOver;
  private volatile long successor;

  /** Whether the state directory is given up, which the other may not have yet. */
  private volatile boolean released;

  private volatile boolean closed;
  private volatile Runnable then = () -> {};

  private Handover(Estate estate, Events events, String version) {
    this.estate = estate;
    this.events = events;
    this.version = version;
    this.given = new GivenListeners(estate, events);
    this.door = new TakeoverDoor(estate.state().directory().path(), this::admit);
  }

  /**
   * Lets others take the server over from now on; empty, with a warning, where that is not
   * possible.
   */
  static Optional<Handover> open(Estate estate, Events events, String version) {
    try {
      Handover open = new Handover(estate, events, version);
      open.door.open();
      return Optional.of(open);
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      events.happened(new Event.Warned("--takeover will not find this server: " + e.getMessage()));
      return Optional.empty();
    }
  }

  private void admit(TakeoverLink link) {
    try {
      if (link.next(HELLO) instanceof TakeoverMessage.Take take) {
        Optional<String> no = refusal(take);
        if (no.isPresent()) {
          link.send(new TakeoverMessage.No(no.get()));
        } else {
          handOver(link, take);
        }
      }
    } catch (IOException gone) {
      // it learns by itself
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      if (one.isHeldByCurrentThread()) {
        one.unlock();
      }
    }
  }

  /** Why not; else the lock is held. */
  private Optional<String> refusal(TakeoverMessage.Take take) {
    if (take.protocol() != TakeoverMessage.PROTOCOL) {
      return Optional.of(
          "version "
              + version
              + " of it cannot hand over to version "
              + take.version()
              + "; stop it, and start this one without --takeover");
    }
    HostPort control = HostPort.parse(take.control(), -1);
    int port = estate.control().port();
    if (!control.host().equals(estate.config().ctlAddr().host())
        || control.port() != 0 && control.port() != port) {
      return Optional.of(
          "its --ctl_addr is "
              + new HostPort(estate.config().ctlAddr().host(), port)
              + "; give the same");
    }
    if (!one.tryLock()) {
      return Optional.of("another process is taking it over just now; wait for the end of that");
    }
    return estate.services().stopped()
        ? Optional.of("it is stopping; start again without --takeover")
        : Optional.empty();
  }

  private void handOver(TakeoverLink link, TakeoverMessage.Take take)
      throws IOException, InterruptedException {
    events.happened(
        new Event.Noted("a process of version " + take.version() + " takes this server over"));
    successor = take.pid();
    String why = "it did not get to the end";
    try {
      estate.state().keys().freeze(true);
      estate.services().offered(true);
      link.send(estate.offer(version));
      while (!handedOver) {
        step(link, link.next(SILENCE));
      }
    } catch (EOFException gone) {
      why = String.valueOf(gone.getMessage());
    } catch (IOException e) {
      why = e.getMessage() + "; if process " + take.pid() + " is there yet, end it";
    } finally {
      if (!handedOver) {
        takeBack(link, why);
      }
    }
    if (handedOver) {
      follow(link);
    }
  }

  private void step(TakeoverLink link, TakeoverMessage message)
      throws IOException, InterruptedException {
    switch (message) {
      case TakeoverMessage.Share share -> {
        if (share.listener().equals(TakeoverMessage.CONTROL)) {
          awaitClients();
          estate.sessions().fill(FILLING);
        }
        AcceptLoop there = estate.listener(share.listener());
        if (there != null) { // else its service is gone meanwhile, and the port is free
          there.share();
        }
        link.send(new TakeoverMessage.Shared(share.listener()));
      }
      case TakeoverMessage.Bound bound -> {
        AcceptLoop there = estate.listener(bound.listener());
        if (there != null) {
          given.give(bound.listener(), there);
        }
        if (bound.listener().equals(TakeoverMessage.CONTROL)) {
          estate.sessions().takenOver(true);
        }
        link.send(new TakeoverMessage.Closed(bound.listener()));
      }
      case TakeoverMessage.Finish _ -> finish(link);
      case TakeoverMessage.Ended ended -> estate.ended(ended.service());
      default -> throw new IOException("it says something out of place");
    }
  }

  /**
   * A client that is away for a moment has tunnels for those who wait for it only as long as it can
   * connect here.
   */
  private void awaitClients() {
    long began = System.nanoTime();
    while (!closed
        && System.nanoTime() - began < COMING.toNanos()
        && estate.services().areAwaited()) {
      pause();
    }
  }

  private void finish(TakeoverLink link) throws IOException {
    estate.services().handOver(true);
    given.giveAll();
    estate.leases().pause();
    door.close(); // the other opens its own there
    released = true;
    estate.state().directory().release();
    link.send(new TakeoverMessage.Released());
    awaitHeld(link);
    handOver();
  }

  /** Until the other holds the state directory it may die, and then nobody would serve. */
  private void awaitHeld(TakeoverLink link) throws IOException {
    long began = System.nanoTime();
    while (!estate.state().directory().isElsewhere()) {
      if (link.isOver()) {
        throw new EOFException("it ended before it had the state directory");
      }
      if (closed || System.nanoTime() - began > SILENCE.toNanos()) {
        throw new IOException("it does not take the state directory");
      }
      pause();
    }
  }

  /** There is no way back any more. */
  private void handOver() {
    handedOver = true;
    close();
    estate.forwarders().stop();
    estate.leases().close();
    estate.state().directory().close();
    estate.sessions().handedOver("another process of this server serves now");
    events.happened(new Event.Noted("this server is taken over; the users it has may finish"));
    then.run();
  }

  /** After the end: what ends users in the other process ends them here. */
  private void follow(TakeoverLink link) throws InterruptedException {
    while (link.next() instanceof TakeoverMessage message) {
      switch (message) {
        case TakeoverMessage.Revoked revoked -> estate.state().keys().forget(revoked.key());
        case TakeoverMessage.Ended ended -> estate.ended(ended.service());
        default -> {
          return;
        }
      }
    }
  }

  private void takeBack(TakeoverLink link, String why) {
    try {
      link.send(new TakeoverMessage.Cancelled(why));
    } catch (IOException gone) {
      // so it knows
    }
    link.close();
    if (released && !reclaim()) {
      handOver();
      return;
    }
    given.takeBack();
    estate.services().offered(false);
    estate.sessions().takenOver(false);
    estate.state().keys().freeze(false);
    events.happened(new Event.Warned("the takeover failed (" + why + "): this server goes on"));
  }

  /** Holds the state directory again; false when somebody else does. */
  private boolean reclaim() {
    if (closed) {
      return true; // this one ends, too
    }
    try {
      estate.state().directory().hold(FREEING);
    } catch (StateException held) {
      if (!closed) {
        events.happened(new Event.Warned("the takeover failed, but: " + held.getMessage()));
      }
      return closed;
    }
    estate.services().handOver(false);
    estate.leases().begin();
    reopen();
    return true;
  }

  private synchronized void reopen() {
    released = false;
    try {
      if (!closed) {
        door.open();
      }
    } catch (IOException e) {
      events.happened(new Event.Warned("--takeover will not find this server: " + e.getMessage()));
    }
  }

  private void pause() {
    try {
      over.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  /** What is to happen when the server is handed over. */
  void then(Runnable action) {
    then = action;
    if (handedOver) {
      action.run();
    }
  }

  /** The process that takes over, or did. */
  long successor() {
    return successor;
  }

  boolean handedOver() {
    return handedOver || released && estate.state().directory().isElsewhere();
  }

  @Override
  public synchronized void close() {
    door.close();
    closed = true;
    over.countDown();
  }
}
