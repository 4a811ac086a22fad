package l4proxy.wire;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides say to each other outside tunnels: one JSON object with a {@code type}, behind
 * its length in four bytes.
 *
 * <p>The first message on a connection says what the connection is. Every message is checked whole
 * when it is read.
 */
public sealed interface Message {
  /** The most bytes of a message. */
  int MAX = 16 * 1024;

  /**
   * First message: this is a control connection.
   *
   * @param secret of the key, absent for a client without one
   * @param version of the client
   * @param dialled the host name or address the client was told to dial, to be shown in its public
   *     addresses
   * @param process 128 random bits that are this process's: what was ended for it stays ended
   */
  record Control(@Nullable String secret, String version, String dialled, String process)
      implements Message {
    /** Checks. */
    public Control {
      if (secret != null) {
        Checks.text("secret", secret, 64);
      }
      Checks.text("version", version, 64);
      Checks.text("dialled", dialled, 253);
      Checks.id("process", process);
    }

    @Override
    public String toString() {
      return "Control[" + version + ", " + dialled + "]";
    }
  }

  /**
   * First message: this is a tunnel.
   *
   * @param ticket the one-time ticket that came over the control connection
   * @param session what the welcome said: a ticket serves no other session than its own
   */
  record TunnelHello(String ticket, String session) implements Message {
    /** Checks. */
    public TunnelHello {
      Checks.id("ticket", ticket);
      Checks.id("session", session);
    }

    @Override
    public String toString() {
      return "TunnelHello[]";
    }
  }

  /** First message: HTTP to the API follows. */
  record Http() implements Message {}

  /**
   * Server: the control connection stands.
   *
   * @param version of the server
   * @param session 128 random bits that each tunnel of this control connection names
   */
  record Welcome(String version, String session) implements Message {
    /** Checks. */
    public Welcome {
      Checks.text("version", version, 64);
      Checks.id("session", session);
    }

    @Override
    public String toString() {
      return "Welcome[" + version + "]";
    }
  }

  /**
   * Server: no control connection for this client; the connection is closed.
   *
   * @param text cause and remedy, in one sentence
   * @param lasting whether trying again is of no use
   */
  record Rejected(String text, boolean lasting) implements Message {
    /** Checks. */
    public Rejected {
      Checks.text("text", text, 1000);
    }
  }

  /**
   * How a member shares its public port.
   *
   * @param balance the rule, the same for all members of a port
   * @param weight its share of the users, against the others'
   * @param priority the lowest is served first, where the rule is {@link Balance#FIRST}
   */
  record Sharing(Balance balance, int weight, int priority) {
    /** The highest weight. */
    public static final int MOST_WEIGHT = 1000;

    /** The last priority. */
    public static final int LAST_PRIORITY = 1000;

    /** Checks. */
    public Sharing {
      if (balance == null) {
        throw new IllegalArgumentException("balance is missing or unknown");
      }
      Checks.range("weight", weight, 1, MOST_WEIGHT);
      Checks.range("priority", priority, 0, LAST_PRIORITY);
    }
  }

  /**
   * Client: make this service reachable.
   *
   * @param service the client's number for it
   * @param name its display name
   * @param backend where the client will connect users to; for people to read
   * @param instance 128 random bits that are this client's for this service
   * @param publicPort the port asked for, 0 for any
   * @param lastPort the port it had before, 0 for none: preferred when any will do
   * @param plainTunnels whether its tunnels go unencrypted
   * @param internalPort the port of the server's at which its tunnels arrive, 0 for any; absent:
   *     the control port
   * @param backendPort the port at which the backend may answer at the client's own public address,
   *     0 for none
   * @param sharing how it shares its public port; absent: it does not
   */
  record Expose(
      int service,
      String name,
      String backend,
      String instance,
      int publicPort,
      int lastPort,
      boolean plainTunnels,
      @Nullable Integer internalPort,
      int backendPort,
      @Nullable Sharing sharing)
      implements Message {
    /** Checks. */
    public Expose {
      Checks.range("service", service, 0, 100_000);
      Checks.name("name", name);
      Checks.text("backend", backend, 300);
      Checks.id("instance", instance);
      Checks.range("publicPort", publicPort, 0, 65_535);
      Checks.range("lastPort", lastPort, 0, 65_535);
      Checks.range("internalPort", internalPort == null ? 0 : internalPort, 0, 65_535);
      Checks.range("backendPort", backendPort, 0, 65_535);
    }
  }

  /**
   * Client: the service is not wanted any more; its users may finish.
   *
   * @param service the client's number for it
   */
  record Withdraw(int service) implements Message {
    /** Checks. */
    public Withdraw {
      Checks.range("service", service, 0, 100_000);
    }
  }

  /**
   * Client: what its health checks of the backend came to.
   *
   * @param service the client's number for it
   * @param up whether it is fit for users
   */
  record Health(int service, boolean up) implements Message {
    /** Checks. */
    public Health {
      Checks.range("service", service, 0, 100_000);
    }
  }

  /**
   * Server: somebody ended the service; it is not to be exposed again.
   *
   * @param service the client's number for it
   */
  record Ended(int service) implements Message {
    /** Checks. */
    public Ended {
      Checks.range("service", service, 0, 100_000);
    }
  }

  /**
   * Server: the service is reachable; said again when the address changes.
   *
   * @param service the client's number for it
   * @param name the server's name for it
   * @param host of the public address
   * @param port of the public address
   * @param relayPort the server's own public port, which is open too where the address is the
   *     backend's
   */
  record Exposed(int service, String name, String host, int port, int relayPort)
      implements Message {
    /** Checks. */
    public Exposed {
      Checks.range("service", service, 0, 100_000);
      Checks.text("name", name, 64);
      Checks.host("host", host);
      Checks.range("port", port, 1, 65_535);
      Checks.range("relayPort", relayPort, 1, 65_535);
    }

    /**
     * The same service at another address.
     *
     * @param otherHost of that address
     * @param otherPort of that address
     * @return the message
     */
    public Exposed at(String otherHost, int otherPort) {
      return new Exposed(service, name, otherHost, otherPort, relayPort);
    }
  }

  /**
   * Server: the service is not reachable.
   *
   * @param service the client's number for it
   * @param text cause and remedy, in one sentence
   * @param lasting whether asking again is of no use
   */
  record Refused(int service, String text, boolean lasting) implements Message {
    /** Checks. */
    public Refused {
      Checks.range("service", service, 0, 100_000);
      Checks.text("text", text, 1000);
    }
  }

  /**
   * Server: open tunnels, one for each ticket.
   *
   * @param plain whether they are to go unencrypted
   * @param port the server's port at which they are to arrive, 0 for the control port
   * @param tickets one-time tickets, good for ten seconds
   */
  record Tunnels(boolean plain, int port, List<String> tickets) implements Message {
    /** Tickets in one message at most. */
    public static final int MOST = 400;

    /** Checks. */
    public Tunnels {
      Checks.range("port", port, 0, 65_535);
      Checks.range("tickets", Optional.ofNullable(tickets).map(List::size).orElse(0), 1, MOST);
      tickets.forEach(t -> Checks.id("ticket", t));
      tickets = List.copyOf(tickets);
    }

    @Override
    public String toString() {
      return "Tunnels[" + tickets.size() + "]";
    }
  }

  /** Both: no new users from now on; the ones there are may finish. */
  record Draining() implements Message {}

  /**
   * Server: another process takes it over; connect anew, where that one listens now, and keep this
   * connection for the users there are. Client, in answer: so it does. A client of a version that
   * does not know it answers nothing, and is disconnected in the end.
   */
  record TakenOver() implements Message {}

  /**
   * Both, every five seconds: here I am.
   *
   * @param nanos the sender's clock, to come back in the answer
   */
  record Heartbeat(long nanos) implements Message {}

  /**
   * Both: so am I.
   *
   * @param nanos what the heartbeat said
   */
  record HeartbeatAnswer(long nanos) implements Message {}
}
