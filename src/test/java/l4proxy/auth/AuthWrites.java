package l4proxy.auth;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import l4proxy.StateWrites;
import l4proxy.net.HostPort;

/** Keys made and revoked, and credentials kept. */
public final class AuthWrites {
  private static final Pin PIN = new Pin("A".repeat(43));

  private AuthWrites() {}

  /** Of a state directory that stays open. */
  public static StateWrites keys(StateDirectory state) {
    return new StateWrites() {
      @Override
      public String write(int round) throws IOException {
        Keys keys = Keys.open(state, PIN);
        String name = "k" + round;
        try {
          keys.create(name, Grant.ALL);
        } catch (KeyConflictException alreadyOnDiskWhenKilled) {
          return name;
        }
        keys.revoke("k" + (round - 20)); // so that the file stays small
        return name;
      }

      @Override
      public boolean has(String name) throws IOException {
        return Keys.open(state, PIN).named(name).isPresent();
      }
    };
  }

  /** Of a credentials file, which anybody may write at any time. */
  public static StateWrites credentials(Path file) {
    Credentials credentials = new Credentials(file);
    return new StateWrites() {
      @Override
      public String write(int round) throws IOException {
        credentials.keep(server(round), Credentials.Entry.of(PIN));
        return String.valueOf(round);
      }

      @Override
      public boolean has(String round) throws IOException {
        return credentials.find(server(Integer.parseInt(round))).isPresent();
      }

      private HostPort server(int round) {
        return new HostPort("h" + round, 2222);
      }
    };
  }

  /** Checks the identity, which no round changes. */
  public static void checkIdentity(StateDirectory state) throws IOException {
    for (String name : List.of(Identity.FILE, Keys.FILE)) {
      if (state.read(name).orElse("").isBlank()) {
        throw new IOException(name + " is empty");
      }
    }
    Identity.open(state);
  }
}
