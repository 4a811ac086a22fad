package l4proxy.events;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;

/** One thing that happened. */
public sealed interface Event {
  /**
   * How much it matters.
   *
   * @return a log level
   */
  default Level level() {
    return Level.INFO;
  }

  /**
   * One line for people.
   *
   * @return a sentence without secrets
   */
  String text();

  /**
   * Whose it is: the name of the key of the client that it is about.
   *
   * @return empty when it concerns the server alone
   */
  default String key() {
    return "";
  }

  /**
   * Which client it is about.
   *
   * @return the name that the API has for it; empty when it is about none, or several
   */
  default String name() {
    return "";
  }

  /**
   * Who served a user.
   *
   * @param service what the client calls it
   * @param name what the API calls the client; empty when nobody served the user
   * @param member the address of its control connection; empty when nobody served the user
   * @param key name of its key
   */
  record ServedBy(String service, String name, String member, String key) {}

  /**
   * A port is open.
   *
   * @param what listens there
   * @param address where
   */
  record Listening(String what, String address) implements Event {
    @Override
    public String text() {
      return what + " listens on " + address;
    }
  }

  /**
   * A client's control connection stands.
   *
   * @param client its address
   * @param key its key's name
   * @param version what it runs
   */
  record ClientConnected(String client, String key, String version) implements Event {
    @Override
    public String text() {
      return "client " + client + " (key " + key + ", version " + version + ") connected";
    }
  }

  /**
   * A client's control connection is gone.
   *
   * @param client its address
   * @param key its key's name
   * @param reason why
   */
  record ClientLost(String client, String key, String reason) implements Event {
    @Override
    public String text() {
      return "client " + client + " is gone: " + reason;
    }
  }

  /**
   * A service is reachable.
   *
   * @param name of the service
   * @param key name of its client's key
   * @param client who serves it
   * @param address where users reach it
   */
  record ServiceExposed(String name, String key, String client, String address) implements Event {
    @Override
    public String text() {
      return "service " + name + " of client " + client + " is at " + address;
    }
  }

  /**
   * A service is not wanted, or its lease ran out.
   *
   * @param name of the service
   * @param key name of its client's key
   * @param reason why
   */
  record ServiceEnded(String name, String key, String reason) implements Event {
    @Override
    public String text() {
      return "service " + name + " ended: " + reason;
    }
  }

  /**
   * A user is connected to the backend of a member, or one of a forward proxy of the server's own
   * to the first host that it asked for.
   *
   * @param user its number
   * @param address the user's address
   * @param by who serves it
   * @param dial how long it took until its backend was connected; absent when the user had to say
   *     first where to
   */
  record UserServed(long user, String address, ServedBy by, Optional<Duration> dial)
      implements Event {
    @Override
    public Level level() {
      return Level.DEBUG;
    }

    @Override
    public String key() {
      return by.key();
    }

    @Override
    public String name() {
      return by.name();
    }

    @Override
    public String text() {
      return "user " + user + " " + address + " of " + by.service() + " is served by " + by.name();
    }
  }

  /**
   * A user's connection is over.
   *
   * @param user its number
   * @param address the user's address
   * @param by who served it last
   * @param endedBy why
   * @param bytesIn bytes from user to backend
   * @param bytesOut bytes from backend to user
   * @param time how long it lasted
   * @param dial as of {@link UserServed}; absent when none was connected, too
   * @param retries how many members were tried in vain before the last
   */
  record UserEnded(
      long user,
      String address,
      ServedBy by,
      EndedBy endedBy,
      long bytesIn,
      long bytesOut,
      Duration time,
      Optional<Duration> dial,
      int retries)
      implements Event {
    @Override
    public Level level() {
      return Level.DEBUG;
    }

    @Override
    public String key() {
      return by.key();
    }

    @Override
    public String name() {
      return by.name();
    }

    @Override
    public String text() {
      return "user "
          + user
          + " "
          + address
          + " of "
          + by.service()
          + " ended by "
          + endedBy
          + ", in "
          + bytesIn
          + ", out "
          + bytesOut
          + ", "
          + time.toMillis()
          + " ms";
    }
  }

  /**
   * Somebody came to a port of ours and was sent away before proving anything.
   *
   * @param from whose address
   * @param reason why
   */
  record StrangerDropped(String from, String reason) implements Event {
    @Override
    public Level level() {
      return Level.DEBUG;
    }

    @Override
    public String text() {
      return from + " sent away: " + reason;
    }
  }

  /**
   * The client's control connection to the server stands.
   *
   * @param server whose
   */
  record ServerConnected(String server) implements Event {
    @Override
    public String text() {
      return "connected to server " + server;
    }
  }

  /**
   * The client has no control connection for now.
   *
   * @param server whose
   * @param reason why
   */
  record ServerLost(String server, String reason) implements Event {
    @Override
    public Level level() {
      return Level.WARNING;
    }

    @Override
    public String text() {
      return "no connection to server " + server + ": " + reason + "; trying again";
    }
  }

  /**
   * A tunnel is closed.
   *
   * @param reason why
   */
  record TunnelEnded(String reason) implements Event {
    @Override
    public Level level() {
      return Level.DEBUG;
    }

    @Override
    public String text() {
      return "a tunnel is closed: " + reason;
    }
  }

  /**
   * Something a person should look at.
   *
   * @param text what, where, and what to do
   */
  record Warned(String text) implements Event {
    @Override
    public Level level() {
      return Level.WARNING;
    }
  }

  /**
   * Something worth a line.
   *
   * @param text what
   */
  record Noted(String text) implements Event {}
}
