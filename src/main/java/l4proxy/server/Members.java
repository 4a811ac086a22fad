package l4proxy.server;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import l4proxy.wire.Balance;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * Who serves a public port, and who of them is given the next user. A port that is not shared has
 * one member.
 *
 * <p>Any thread may look; changes and {@link #choose} come under the lock of the port.
 */
final class Members {
  private static final Message.Sharing ALONE = new Message.Sharing(Balance.LEAST_CONN, 1, 0);

  private final RandomGenerator random;
  private final int mostUsers;
  private final List<Service> all = new CopyOnWriteArrayList<>();

  /**
   * Nobody yet.
   *
   * @param mostUsers of each at once; 0 for no bound
   */
  Members(RandomGenerator random, int mostUsers) {
    this.random = random;
    this.mostUsers = mostUsers;
  }

  List<Service> all() {
    return all;
  }

  void add(Service service) {
    all.add(service);
  }

  boolean remove(Service service) {
    return all.remove(service);
  }

  /** Whether a client is there for any of them, whatever has become of its backend. */
  boolean connected() {
    return all.stream().anyMatch(Service::reachable);
  }

  /** Whether there are members, and those not tried have all the users that they may have. */
  boolean full(Set<Service> refused) {
    List<Service> there = there(refused);
    return !there.isEmpty() && there.stream().noneMatch(this::hasRoom);
  }

  private boolean hasRoom(Service member) {
    return mostUsers == 0 || member.users().size() < mostUsers;
  }

  private List<Service> there(Set<Service> refused) {
    return all.stream().filter(each -> each.reachable() && !refused.contains(each)).toList();
  }

  /**
   * Gives a user to a member.
   *
   * @param refused who is not to be tried
   * @param user the user's address
   * @return null when nobody is left
   */
  @Nullable Service choose(Set<Service> refused, InetAddress user) {
    long now = System.nanoTime();
    List<Service> there = there(refused).stream().filter(this::hasRoom).toList();
    List<Service> fit = there.stream().filter(each -> each.standing().fit(now)).toList();
    List<Service> candidates = fit.isEmpty() ? there : fit;
    if (candidates.isEmpty()) {
      return null;
    }
    Service chosen = candidates.size() == 1 ? candidates.getFirst() : byRule(candidates, user);
    chosen.standing().chosen(now);
    return chosen;
  }

  private Service byRule(List<Service> candidates, InetAddress user) {
    return switch (sharing(candidates.getFirst()).balance()) {
      case LEAST_CONN -> lessLoaded(candidates);
      case ROUND_ROBIN -> inTurn(candidates);
      case RANDOM -> atRandom(candidates);
      case SOURCE -> bySource(candidates, user);
      case FIRST ->
          candidates.stream()
              .min(Comparator.comparingInt(m -> sharing(m).priority()))
              .orElseThrow();
    };
  }

  private static Message.Sharing sharing(Service member) {
    Message.Sharing sharing = member.asked().sharing();
    return sharing == null ? ALONE : sharing;
  }

  private static int weight(Service member) {
    return sharing(member).weight();
  }

  /** Two drawn at random are nearly as good as all compared, and do not all run to the same one. */
  private Service lessLoaded(List<Service> candidates) {
    int one = random.nextInt(candidates.size());
    int other = random.nextInt(candidates.size() - 1);
    Service first = candidates.get(one);
    Service second = candidates.get(other < one ? other : other + 1);
    return load(second) < load(first) ? second : first;
  }

  private static double load(Service member) {
    return (member.users().size() + 1.0) / weight(member);
  }

  /**
   * Smooth weighted round robin: each gains its weight, the richest is chosen and pays for all. So
   * weights 3 and 1 give A A B A, not A A A B.
   */
  private Service inTurn(List<Service> candidates) {
    int total = 0;
    Service richest = candidates.getFirst();
    for (Service each : candidates) {
      total += weight(each);
      if (each.earn(weight(each)) > richest.credit()) {
        richest = each;
      }
    }
    richest.earn(-total);
    return richest;
  }

  private Service atRandom(List<Service> candidates) {
    int total = candidates.stream().mapToInt(Members::weight).sum();
    int drawn = random.nextInt(total);
    for (Service each : candidates) {
      drawn -= weight(each);
      if (drawn < 0) {
        return each;
      }
    }
    throw new IllegalStateException("weights changed under the lock");
  }

  /**
   * Weighted rendezvous hashing: each member has a number for each user, the highest has it. When a
   * member comes or goes, only users of its own move.
   */
  private static Service bySource(List<Service> candidates, InetAddress user) {
    List<Service> ordered = new ArrayList<>(candidates);
    ordered.sort(Comparator.comparingDouble(member -> -score(member, user)));
    return ordered.getFirst();
  }

  private static double score(Service member, InetAddress user) {
    long bits = member.name().hashCode();
    for (byte b : user.getAddress()) {
      bits = mix(bits * 31 + b);
    }
    double unit = ((mix(bits) >>> 11) + 0.5) * 0x1.0p-53;
    return -weight(member) / Math.log(unit);
  }

  /** MurmurHash3's finalizer: every bit of the input changes about half of the output's. */
  private static long mix(long bits) {
    long mixed = (bits ^ bits >>> 33) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ mixed >>> 33;
  }
}
