package l4proxy.auth;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import l4proxy.net.HostPort;

/**
 * A user's credentials file: what to prove oneself with, or which pin to expect, for each server.
 * Holds nothing open. Any number of threads and processes may use one file: each change is made
 * under a lock on the file of the same name with {@code .lock} behind it.
 */
public final class Credentials {
  private final WholeFile file;

  /**
   * What is known of one server: a key, or only its pin if it wants no keys.
   *
   * @param key the key, which has the server's pin in it
   * @param pin the pin; present exactly if there is no key
   */
  public record Entry(Optional<JoinKey> key, Optional<Pin> pin) {
    /**
     * Checks that there is one of the two.
     *
     * @throws IllegalArgumentException if there are both or none
     */
    public Entry {
      if (key.isPresent() == pin.isPresent()) {
        throw new IllegalArgumentException("an entry has either a key or a pin");
      }
    }

    /**
     * An entry for a server with keys.
     *
     * @param key the key
     * @return the entry
     */
    public static Entry of(JoinKey key) {
      return new Entry(Optional.of(key), Optional.empty());
    }

    /**
     * An entry for a server without keys.
     *
     * @param pin its pin
     * @return the entry
     */
    public static Entry of(Pin pin) {
      return new Entry(Optional.empty(), Optional.of(pin));
    }

    /**
     * The only server to be trusted under this entry's address.
     *
     * @return the pin, be it the key's or its own
     */
    public Pin serverPin() {
      return key.map(JoinKey::pin).or(() -> pin).orElseThrow();
    }
  }

  /** What is to become of the entries; returns whether it changed them. */
  private interface Change {
    boolean apply(Map<HostPort, Entry> entries);
  }

  /**
   * Names the file; does nothing yet.
   *
   * @param file the file, which need not exist
   */
  public Credentials(Path file) {
    this.file = new WholeFile(file);
  }

  /**
   * Where the file belongs: {@code l4proxy/credentials.json} in {@code $XDG_CONFIG_HOME} or {@code
   * ~/.config}.
   *
   * @param environment the environment variables
   * @return the file, which need not exist
   * @throws StateException if the user has no home directory and no variable is set
   */
  public static Path defaultPath(Map<String, String> environment) throws StateException {
    return UserDirectories.directory(environment, "XDG_CONFIG_HOME", ".config")
        .resolve("l4proxy")
        .resolve("credentials.json");
  }

  /**
   * The addresses under which a server is reached from its own machine.
   *
   * @param bound where it listens
   * @return that address; on a wildcard 127.0.0.1, localhost and ::1 with its port
   */
  public static List<HostPort> ownAddresses(HostPort bound) {
    return switch (bound.host()) {
      case "", "0.0.0.0", "::" ->
          List.of(
              new HostPort("127.0.0.1", bound.port()),
              new HostPort("localhost", bound.port()),
              new HostPort("::1", bound.port()));
      default -> List.of(bound);
    };
  }

  /**
   * The file.
   *
   * @return its absolute path
   */
  public Path path() {
    return file.path();
  }

  /**
   * What is known of a server.
   *
   * @param server the server as the user names it
   * @return the entry, if there is one
   * @throws StateException if the file cannot be read or is damaged
   */
  public Optional<Entry> find(HostPort server) throws StateException {
    return Optional.ofNullable(entries().get(server));
  }

  /**
   * Adds an entry, and never replaces one: who can make a client dial somewhere must not be able to
   * make it forget whom it trusts.
   *
   * @param server the server as the user names it
   * @param entry what it accepted, or its pin
   * @return whether it was added; false if there is an entry, be it the same
   * @throws StateException if the file cannot be read or written, or is damaged
   */
  public boolean keep(HostPort server, Entry entry) throws StateException {
    return change(entries -> entries.putIfAbsent(server, entry) == null);
  }

  /**
   * Writes a server's entries for its own addresses, by the server itself and for the user who
   * started it. Whoever listened there before is gone, so an entry of another server (another pin)
   * is stale and is replaced. A key replaces every entry. A pin leaves an entry of the same server
   * alone, as that may hold a key.
   *
   * @param addresses the server's own addresses
   * @param entry its key, or its pin if it wants no keys
   * @throws StateException if the file cannot be read or written, or is damaged
   */
  public void replace(Collection<HostPort> addresses, Entry entry) throws StateException {
    change(entries -> {
      boolean changed = false;
      for (HostPort address : addresses) {
        Entry old = entries.get(address);
        boolean stale =
            old == null
                || !old.serverPin().equals(entry.serverPin())
                || (entry.key().isPresent() && !old.equals(entry));
        if (stale) {
          entries.put(address, entry);
          changed = true;
        }
      }
      return changed;
    });
  }

  private boolean change(Change change) throws StateException {
    Path directory = file.path().resolveSibling("");
    try {
      PrivateFiles.createDirectories(directory);
      try (FileMutex _ = FileMutex.lock(directory.resolve(file.path().getFileName() + ".lock"))) {
        PrivateFiles.removeLeftovers(directory, file.temporaryPrefix());
        Map<HostPort, Entry> entries = entries();
        boolean changed = change.apply(entries);
        if (changed) {
          file.write(CredentialsText.text(entries));
        }
        return changed;
      }
    } catch (StateException e) {
      throw e;
    } catch (IOException e) {
      throw StateException.refused(
          "change", file.path(), "its directory must be writable for this user", e);
    }
  }

  private Map<HostPort, Entry> entries() throws StateException {
    Optional<String> text = file.read();
    try {
      return text.isPresent() ? CredentialsText.parse(text.get()) : new LinkedHashMap<>();
    } catch (IllegalArgumentException e) {
      throw StateException.corrupt(file.path(), String.valueOf(e.getMessage()));
    }
  }
}
