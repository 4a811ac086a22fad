package l4proxy.auth;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The server's keys, kept in the state file {@code keys.json}. A change is on the disk before it
 * counts; when it cannot be written, nothing has changed. Any number of threads may call it; look
 * ups never wait for the disk.
 */
public final class Keys {
  /** The most keys a server holds. */
  public static final int MAX_KEYS = 10_000;

  static final String FILE = "keys.json";

  /** What clients without a key go by, where they need none: the name of no key. */
  public static final String NOBODY = "no-key";

  /** Longer than any secret; what is longer is not worth a digest. */
  private static final int MAX_SECRET_CHARS = 128;

  private final StateDirectory state;
  private final Pin pin;
  private final SecureRandom random = new SecureRandom();
  private final List<Consumer<Key>> revocationListeners = new CopyOnWriteArrayList<>();
  private volatile KeyTable table;
  private volatile boolean frozen;
  private final Optional<FirstKeys> created;

  private Keys(StateDirectory state, Pin pin, KeyTable table, Optional<FirstKeys> created) {
    this.state = state;
    this.pin = pin;
    this.table = table;
    this.created = created;
  }

  /**
   * Reads and checks all keys. If there is no file yet, creates the keys {@code admin} and {@code
   * default}, which {@link #created()} then gives.
   *
   * @param state where they are kept; must stay open as long as keys are changed
   * @param pin the server's identity, a part of every join key
   * @return the keys
   * @throws StateException if the file cannot be read or written, is damaged, or belongs to another
   *     identity
   */
  public static Keys open(StateDirectory state, Pin pin) throws StateException {
    Optional<String> text = state.read(FILE);
    if (text.isEmpty()) {
      return createFirst(state, pin);
    }
    try {
      KeysText content = KeysText.parse(text.get());
      checkPin(state, content.pin(), pin);
      return new Keys(state, pin, KeyTable.of(content.keys()), Optional.empty());
    } catch (IllegalArgumentException e) {
      throw StateException.corrupt(state.pathOf(FILE), String.valueOf(e.getMessage()));
    }
  }

  /**
   * Whether a directory has no keys, so that {@link #open} would make some.
   *
   * @param directory which need not be there
   * @return false also where nobody can tell
   */
  public static boolean isNone(Path directory) {
    return Files.notExists(directory.resolve(FILE));
  }

  /**
   * The two first keys, if this call of {@link #open} was the server's first start.
   *
   * @return their secrets, which are stored nowhere else
   */
  public Optional<FirstKeys> created() {
    return created;
  }

  /**
   * Whose secret is this?
   *
   * @param secret what somebody sent, of any length and content
   * @return the key, if there is one
   */
  public Optional<Key> find(String secret) {
    if (secret.length() > MAX_SECRET_CHARS) {
      return Optional.empty();
    }
    // How long the look-up takes tells at most something about a digest, and nobody can choose
    // 256-bit secrets by their digests; so no comparison in constant time is needed.
    return Optional.ofNullable(table.byDigest().get(Digests.sha256Hex(secret)));
  }

  /**
   * The key of that name.
   *
   * @param name any text
   * @return the key, if there is one
   */
  public Optional<Key> named(String name) {
    return Optional.ofNullable(table.byName().get(name));
  }

  /**
   * Is this key still good? Who registers a session for a key asks once more afterwards, because a
   * revocation in between has not seen that session.
   *
   * @param key a key found earlier
   * @return false once it was revoked, also when a new key has its name
   */
  public boolean contains(Key key) {
    return key.equals(table.byDigest().get(key.secretSha256()));
  }

  /**
   * All keys, in the order they were made.
   *
   * @return a list that does not change
   */
  public List<Key> list() {
    return List.copyOf(table.byName().values());
  }

  /**
   * Creates a key. Its secret is only in what this returns.
   *
   * @param name see {@link Key}
   * @param grant what it is good for
   * @return the key and its secret
   * @throws KeyConflictException if another key has this name, or there are {@link #MAX_KEYS}
   * @throws StateException if it cannot be stored
   * @throws IllegalArgumentException if an argument is out of range
   */
  public synchronized NewKey create(String name, Grant grant)
      throws KeyConflictException, StateException {
    if (name.equals(NOBODY)) {
      throw new IllegalArgumentException(
          "Clients without a key go by the name " + NOBODY + "; choose another.");
    }
    JoinKey joinKey = JoinKey.create(pin, random);
    Key key = Key.of(name, joinKey, grant);
    if (table.byName().containsKey(name)) {
      throw KeyConflictException.exists(name);
    }
    if (table.byName().size() >= MAX_KEYS) {
      throw KeyConflictException.full();
    }
    change(table.with(key));
    return new NewKey(key, joinKey);
  }

  /**
   * Revokes a key: from now on nobody finds it. Then the listeners are told, by this thread.
   *
   * @param name the key's name
   * @return whether there was such a key
   * @throws StateException if the change cannot be stored; the key is then still good
   */
  public boolean revoke(String name) throws StateException {
    Key key;
    synchronized (this) {
      key = table.byName().get(name);
      if (key == null) {
        return false;
      }
      change(table.without(key));
    }
    for (Consumer<Key> listener : revocationListeners) {
      listener.accept(key);
    }
    return true;
  }

  /**
   * Has a listener told of every key revoked from now on.
   *
   * @param listener called by the revoking thread after the change counts; must not throw or wait
   */
  public void onRevoked(Consumer<Key> listener) {
    revocationListeners.add(listener);
  }

  /**
   * Lets no key be changed while another process takes the server over, or lets them again: what
   * that process has read stays true. Returns when a change that is being made is made.
   *
   * @param still whether it does
   */
  public synchronized void freeze(boolean still) {
    frozen = still;
  }

  /**
   * A key was revoked by the process that holds the state now: nobody finds it here any more.
   *
   * @param name the key's name; unknown ones are ignored
   */
  public void forget(String name) {
    Key key;
    synchronized (this) {
      key = table.byName().get(name);
      if (key == null) {
        return;
      }
      table = table.without(key);
    }
    revocationListeners.forEach(listener -> listener.accept(key));
  }

  private static Keys createFirst(StateDirectory state, Pin pin) throws StateException {
    SecureRandom random = new SecureRandom();
    FirstKeys first = new FirstKeys(JoinKey.create(pin, random), JoinKey.create(pin, random));
    Keys keys = new Keys(state, pin, KeyTable.of(List.of()), Optional.of(first));
    // One write for both: a server with one of them would never create the other.
    keys.change(
        KeyTable.of(
            List.of(
                Key.of("admin", first.adminKey(), Grant.ADMIN),
                Key.of("default", first.defaultKey(), Grant.ALL))));
    return keys;
  }

  private void change(KeyTable changed) throws StateException {
    if (frozen) {
      throw StateException.notNow(
          "No key is changed while another process takes this server over: try again in a few"
              + " seconds.");
    }
    state.write(FILE, KeysText.text(pin, changed.byName().values()));
    table = changed;
  }

  private static void checkPin(StateDirectory state, Pin stored, Pin actual) throws StateException {
    if (!stored.equals(actual)) {
      throw new StateException(
          ("%s belongs to another identity than %s: restore the identity from a backup, or move"
                  + " the keys away, which makes every join key given out so far worthless.")
              .formatted(state.pathOf(FILE), state.pathOf(Identity.FILE)));
    }
  }
}
