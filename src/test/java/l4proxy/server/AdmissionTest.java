package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import l4proxy.RecordedEvents;
import l4proxy.events.Event;
import l4proxy.net.CidrList;
import l4proxy.server.Admission.Place;
import l4proxy.server.Admission.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in, by a clock of the test's. */
@Timeout(30)
final class AdmissionTest {
  private static final InetAddress ONE = InetAddress.ofLiteral("192.0.2.1");
  private static final InetAddress OTHER = InetAddress.ofLiteral("192.0.2.2");

  private final RecordedEvents events = new RecordedEvents();
  private final AtomicLong now = new AtomicLong(7);

  private Admission admission(int users, int perIp, int ratePerIp) {
    return admission(users, perIp, ratePerIp, "", "");
  }

  private Admission admission(int users, int perIp, int ratePerIp, String allow, String deny) {
    return new Admission(
        new Limits(users, perIp, 0, ratePerIp, list(allow), list(deny)), events, now::get);
  }

  private static Optional<CidrList> list(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(CidrList.parse(text));
  }

  private void pass(long millis) {
    now.addAndGet(millis * 1_000_000);
  }

  private static Place in(Admission admission, InetAddress from) {
    return admission.enter(from).orElseThrow();
  }

  private static void out(Admission admission, InetAddress from, Reason reason) {
    long before = admission.refused().getOrDefault(reason, 0L);
    assertTrue(admission.enter(from).isEmpty());
    assertEquals(before + 1, admission.refused().get(reason));
  }

  private List<String> told() {
    return events.of(Event.Warned.class).stream().map(Event.Warned::text).toList();
  }

  @Test
  void placesAreAsManyAsUsersMayBe() {
    Admission admission = admission(2, 0, 0);
    Place first = in(admission, ONE);
    in(admission, OTHER);
    out(admission, ONE, Reason.MAX_USERS);
    first.close();
    in(admission, ONE);
    out(admission, OTHER, Reason.MAX_USERS);
    assertEquals(2, admission.users());
  }

  @Test
  void placeIsGivenBackOnce() {
    Admission admission = admission(3, 3, 0);
    Place place = in(admission, ONE);
    in(admission, ONE);
    place.close();
    place.close();
    assertEquals(1, admission.users());
    in(admission, ONE);
    in(admission, ONE);
    out(admission, ONE, Reason.MAX_USERS);
  }

  @Test
  void addressHasItsOwnBound() {
    Admission admission = admission(0, 2, 0);
    Place first = in(admission, ONE);
    in(admission, ONE);
    out(admission, ONE, Reason.MAX_USERS_PER_IP);
    in(admission, OTHER);
    first.close();
    in(admission, ONE);
    assertEquals(3, admission.users());
  }

  @Test
  void ipv6CountsBySixtyFourBits() {
    Admission admission = admission(0, 1, 0);
    in(admission, InetAddress.ofLiteral("2001:db8:1:2::1"));
    out(admission, InetAddress.ofLiteral("2001:db8:1:2:ffff::9"), Reason.MAX_USERS_PER_IP);
    in(admission, InetAddress.ofLiteral("2001:db8:1:3::1"));
  }

  @Test
  void newcomersComeAtTheirRate() {
    Admission admission = admission(0, 0, 5);
    for (int i = 0; i < 5; i++) {
      in(admission, ONE).close();
    }
    out(admission, ONE, Reason.USER_RATE_PER_IP);
    in(admission, OTHER);
    pass(199);
    out(admission, ONE, Reason.USER_RATE_PER_IP);
    pass(1);
    in(admission, ONE).close();
    out(admission, ONE, Reason.USER_RATE_PER_IP);
    pass(60_000);
    for (int i = 0; i < 5; i++) { // no more than a second's worth is saved up
      in(admission, ONE).close();
    }
    out(admission, ONE, Reason.USER_RATE_PER_IP);
  }

  @Test
  void oneASecondIsOneASecond() {
    Admission admission = admission(0, 0, 1);
    in(admission, ONE);
    pass(999);
    out(admission, ONE, Reason.USER_RATE_PER_IP);
    pass(1);
    in(admission, ONE);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, '', '', ''",
    "192.0.2.1, 192.0.2.0/24, '', ''",
    "192.0.3.1, 192.0.2.0/24, '', ALLOW",
    "192.0.2.1, '', 192.0.2.0/24, DENY",
    "192.0.3.1, '', 192.0.2.0/24, ''",
    "192.0.2.1, 192.0.2.0/24, 192.0.2.1, DENY",
    "192.0.2.2, 192.0.2.0/24, 192.0.2.1, ''",
    "192.0.2.1, 192.0.2.1, '0.0.0.0/0,::/0', DENY",
    "::ffff:192.0.2.1, 192.0.2.0/24, '', ''",
    "::ffff:192.0.2.1, '', 192.0.2.0/24, DENY",
    "2001:db8::1, 2001:db8::/32, '', ''",
    "2001:db9::1, 2001:db8::/32, '', ALLOW",
    "2001:db8::1, 0.0.0.0/0, '', ALLOW",
    "2001:db8::1, '', 2001:db8::/32, DENY"
  })
  void denyCountsBeforeAllow(String from, String allow, String deny, String reason) {
    Admission admission = admission(0, 0, 0, allow, deny);
    boolean entered = admission.enter(InetAddress.ofLiteral(from)).isPresent();
    assertEquals(reason.isEmpty(), entered);
    assertEquals(
        reason.isEmpty() ? Map.of() : Map.of(Reason.valueOf(reason), 1L), admission.refused());
  }

  @Test
  void whoIsTurnedAwayIsNamedShort() {
    Admission admission = admission(0, 0, 0, "", "::1");
    out(admission, InetAddress.ofLiteral("::1"), Reason.DENY);
    assertEquals(List.of("users turned away: 1 by --deny; the last one came from ::1"), told());
  }

  @Test
  void whoIsTurnedAwayIsToldOfOnceASecond() {
    Admission admission = admission(1, 0, 0, "", "192.0.2.2");
    in(admission, ONE);
    out(admission, ONE, Reason.MAX_USERS);
    assertEquals(
        List.of("users turned away: 1 by --max_users; the last one came from 192.0.2.1"), told());
    for (int i = 0; i < 100; i++) {
      out(admission, ONE, Reason.MAX_USERS);
      out(admission, OTHER, Reason.DENY);
      admission.tick();
    }
    assertEquals(1, told().size());
    pass(1_000);
    admission.tick();
    assertEquals(
        "users turned away: 100 by --deny, 100 by --max_users; the last one came from 192.0.2.2",
        told().getLast());
    pass(10_000);
    admission.tick();
    assertEquals(2, told().size());
  }

  @Test
  void addressesAreForgotten() {
    Admission admission = admission(0, 1, 2);
    Place stays = in(admission, OTHER);
    for (int i = 0; i < 1_000; i++) {
      in(admission, InetAddress.ofLiteral("10.0." + i / 250 + "." + i % 250)).close();
    }
    assertEquals(1_001, admission.addresses());
    pass(499);
    admission.tick();
    assertEquals(1_001, admission.addresses());
    pass(1);
    admission.tick();
    assertEquals(1, admission.addresses());
    stays.close();
    assertEquals(0, admission.addresses());
  }

  @Test
  void noMoreAddressesAreRememberedThanIsGood() {
    Admission admission = admission(0, 0, 1);
    in(admission, ONE);
    int most = 0;
    for (int i = 0; i < 2 * Admission.MOST_IDLE; i++) {
      String from = "10." + (i >> 16) + "." + (i >> 8 & 0xff) + "." + (i & 0xff);
      in(admission, InetAddress.ofLiteral(from)).close();
      most = Math.max(most, admission.addresses());
    }
    assertTrue(most <= Admission.MOST_IDLE + 2, "remembered " + most);
    out(admission, ONE, Reason.USER_RATE_PER_IP); // who has users is not forgotten
  }

  @Test
  void nothingIsRememberedWithoutALimitForAddresses() {
    Admission admission = admission(10, 0, 0);
    in(admission, ONE);
    assertEquals(0, admission.addresses());
  }

  @Test
  void manyThreadsLeaveNothingBehind() {
    Admission admission = admission(8, 4, 0);
    AtomicInteger inside = new AtomicInteger();
    List<Integer> most = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 2_000; i++) {
        threads.execute(() -> {
          InetAddress from = ThreadLocalRandom.current().nextBoolean() ? ONE : OTHER;
          Optional<Place> place = admission.enter(from);
          if (place.isPresent()) {
            try (var _ = place.get()) {
              int now = inside.incrementAndGet();
              synchronized (most) {
                most.add(now);
              }
              Thread.yield();
              inside.decrementAndGet();
            }
          }
        });
      }
    }
    assertFalse(most.isEmpty());
    assertTrue(most.stream().allMatch(each -> each <= 8));
    assertEquals(0, admission.users());
    assertEquals(0, admission.addresses());
  }

  @ParameterizedTest
  @CsvSource({"20000, 6333", "1024, 170", "65536, 21512", "4, 1", "0, 1"})
  void usersAreBoundedByFileDescriptors(long descriptors, int users) {
    assertEquals(users, Limits.mostUsers(descriptors));
  }
}
