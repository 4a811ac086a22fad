package l4proxy.server;

import java.io.IOException;
import l4proxy.StateWrites;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Events;

/** Leases kept, each on the disk once {@link Leases#close()} returns. */
public final class LeaseWrites implements StateWrites {
  private static final Events NOBODY = event -> {};

  private final StateDirectory state;

  public LeaseWrites(StateDirectory state) {
    this.state = state;
  }

  @Override
  public String write(int round) throws IOException {
    String instance = "i" + round;
    try (Leases leases = Leases.open(state, NOBODY)) {
      leases.keep(
          new Lease(20_000, "admin", instance, true, "ssh", "b", "here", null, false, 1L + round));
    }
    return instance;
  }

  @Override
  public boolean has(String instance) throws IOException {
    try (Leases leases = Leases.open(state, NOBODY)) {
      return leases.of("admin", instance).isPresent();
    }
  }
}
