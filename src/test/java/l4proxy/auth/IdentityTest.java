package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class IdentityTest {
  @TempDir static Path shared;
  private static String pem;
  private static String otherPem;

  @TempDir Path temp;

  @BeforeAll
  static void createTwo() throws Exception {
    pem = created(shared.resolve("one"));
    otherPem = created(shared.resolve("two"));
  }

  private static String created(Path directory) throws Exception {
    try (StateDirectory state = StateDirectory.open(directory)) {
      Identity.open(state);
      return state.read("identity.pem").orElseThrow();
    }
  }

  private static String key(String pem) {
    return pem.substring(0, pem.indexOf("-----BEGIN CERTIFICATE"));
  }

  private static String certificate(String pem) {
    return pem.substring(pem.indexOf("-----BEGIN CERTIFICATE"));
  }

  private Identity opened(String content) throws Exception {
    Files.writeString(temp.resolve("identity.pem"), content);
    try (StateDirectory state = StateDirectory.open(temp)) {
      return Identity.open(state);
    }
  }

  @Test
  void firstStartCreatesAKeyThatLaterStartsRead() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp)) {
      Identity first = Identity.open(state);
      assertEquals(first.pin(), Identity.open(state).pin());
      X509Certificate certificate = first.certifiedKey().certificate();
      assertEquals(Pin.of(certificate.getPublicKey()), first.pin());
      assertEquals("CN=l4proxy", certificate.getSubjectX500Principal().toString());
      certificate.verify(certificate.getPublicKey());
      Instant end = certificate.getNotAfter().toInstant();
      assertTrue(end.isAfter(Instant.now().plus(Duration.ofDays(36_000))));
    }
    Path file = temp.resolve("identity.pem");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertTrue(Files.readString(file).startsWith("-----BEGIN PRIVATE KEY-----"));
    try (Stream<Path> entries = Files.list(temp)) {
      assertEquals(
          List.of("identity.pem", "lock"),
          entries.map(entry -> entry.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void everyServerHasItsOwn() throws Exception {
    assertNotEquals(opened(pem).pin(), opened(otherPem).pin());
  }

  @Test
  void orderLineEndsAndCommentsDoNotCount() throws Exception {
    Pin pin = opened(pem).pin();
    assertEquals(pin, opened(certificate(pem) + key(pem)).pin());
    assertEquals(pin, opened("# comment\n" + key(pem) + "subject: x\n" + certificate(pem)).pin());
    assertEquals(pin, opened(pem.replaceAll("\r?\n", "\n")).pin());
    assertEquals(pin, opened(pem.replaceAll("\r?\n", "\r\n")).pin());
  }

  @Test
  void keyIsNeverShown() throws Exception {
    Identity identity = opened(pem);
    assertEquals("Identity[pin=" + identity.pin() + "]", identity.toString());
    assertFalse(identity.certifiedKey().toString().contains("PRIVATE"));
    PemBlock block = PemBlock.blocks(pem).getFirst();
    assertEquals("PemBlock[PRIVATE KEY]", block.toString());
  }

  @Test
  void damagedFileStopsTheStartAndStaysAsItIs() throws Exception {
    List<String> rsa = pems("RSA");
    List<String> p384 = pems("EC", "-groupname", "secp384r1");
    List<String> contents = new ArrayList<>();
    contents.addAll(List.of("", "\n", "garbage", "\0\1\2", "{}", key(pem), certificate(pem)));
    contents.addAll(List.of(pem + pem, pem + certificate(otherPem), pem + key(otherPem)));
    contents.addAll(List.of(key(pem) + certificate(otherPem), key(otherPem) + certificate(pem)));
    contents.add(pem.replace("PRIVATE KEY", "EC PRIVATE KEY"));
    contents.add(pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    contents.add(pem.replace("BEGIN CERTIFICATE", "BEGIN CERT"));
    contents.add(key(pem).replace("PRIVATE KEY", "CERTIFICATE") + key(pem));
    contents.add(certificate(pem) + certificate(pem).replace("CERTIFICATE", "PRIVATE KEY"));
    contents.addAll(List.of(String.join("", rsa), String.join("", p384)));
    for (String content : contents) {
      assertRefused(content);
    }
  }

  @Test
  void everyCutOffFileStopsTheStart() throws Exception {
    String whole = pem.strip();
    for (int length = 0; length < whole.length(); length++) {
      assertRefused(whole.substring(0, length));
    }
  }

  @Test
  void anyChangedCharacterIsNoticedOrHarmless() throws Exception {
    Pin pin = opened(pem).pin();
    for (int i = 0; i < key(pem).length(); i++) {
      String changed =
          pem.substring(0, i) + (pem.charAt(i) == 'A' ? 'B' : 'A') + pem.substring(i + 1);
      try {
        assertEquals(pin, opened(changed).pin());
      } catch (StateException e) {
        assertTrue(e.getMessage().contains("is damaged ("), e.getMessage());
      }
    }
  }

  private List<String> pems(String algorithm, String... options) throws Exception {
    Path directory = Files.createTempDirectory(shared, "pems");
    List<String> texts = new ArrayList<>();
    for (Path file : PemFiles.create(directory, "x", algorithm, options)) {
      texts.add(Files.readString(file));
    }
    return texts;
  }

  private void assertRefused(String content) throws Exception {
    var e = assertThrows(StateException.class, () -> opened(content), content);
    Path file = temp.toRealPath().resolve("identity.pem");
    assertTrue(e.getMessage().startsWith(file + " is damaged ("), e.getMessage());
    assertTrue(e.getMessage().contains("backup"), e.getMessage());
    assertFalse(e.getMessage().contains(pem.substring(60, 70)), e.getMessage());
    assertEquals(null, e.getCause());
    assertEquals(content, Files.readString(file));
  }
}
