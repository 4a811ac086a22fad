package l4proxy.server;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/** Why a client cannot be on a public port together with those of its key who are. */
final class Misfits {
  /** Each costs a little for every user of the port, and is remembered over restarts. */
  private static final int MOST_MEMBERS = 256;

  private Misfits() {}

  /** The members of a port whose clients are there, without the one that asks. */
  static List<Service> connected(@Nullable PublicPort port, String asking) {
    return port == null
        ? List.of()
        : port.members().stream()
            .filter(s -> s.session() != null && !s.instance().equals(asking))
            .toList();
  }

  /** What is in the way, and the remedy; empty when nothing is. */
  static Optional<String> of(PublicPort port, Message.Expose asked) {
    if (asked.sharing() != null
        && isFull(port, asked.instance())
        && surplus(port, asked.instance()).isEmpty()) {
      return Optional.of(
          "port "
              + port.number()
              + " is shared by "
              + MOST_MEMBERS
              + " clients, the most there can be; end one of them, or choose another --pub_port");
    }
    List<Service> others = connected(port, asked.instance());
    return others.isEmpty() ? Optional.empty() : of(port, asked, others.getFirst());
  }

  /** Who makes room for one more on a port that has all it may: whoever is away for longest. */
  static Optional<Service> surplus(PublicPort port, String asking) {
    return isFull(port, asking)
        ? port.members().stream()
            .filter(s -> s.session() == null)
            .max(Comparator.comparing(Service::awayFor))
        : Optional.empty();
  }

  private static boolean isFull(PublicPort port, String asking) {
    return port.members().size() >= MOST_MEMBERS
        && port.members().stream().noneMatch(s -> s.instance().equals(asking));
  }

  private static Optional<String> of(PublicPort port, Message.Expose asked, Service other) {
    String who = Optional.ofNullable(other.session()).map(ClientSession::client).orElse("gone now");
    Message.Sharing theirs = other.asked().sharing();
    if (asked.sharing() == null || theirs == null) {
      return Optional.of(
          "port "
              + port.number()
              + " is held by another client with the same key ("
              + who
              + "); stop that one, choose another --pub_port, or give every one of them"
              + " --share_public_port");
    }
    return theirs.balance() == asked.sharing().balance()
        ? Optional.empty()
        : Optional.of(
            "port "
                + port.number()
                + " is shared with --balance "
                + theirs.balance().text()
                + " by another client ("
                + who
                + "); give all of them the same --balance");
  }
}
