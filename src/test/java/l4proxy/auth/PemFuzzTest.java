package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.security.PEMEncoder;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** Whatever stands in a PEM file is a key or a certificate, or is refused by a sentence. */
final class PemFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) {
    List<X509Certificate> chain = new ArrayList<>();
    List<PrivateKey> keys = new ArrayList<>();
    try {
      for (PemBlock block : PemBlock.blocks(new String(data, StandardCharsets.UTF_8))) {
        assertFalse(block.type().isBlank());
        assertTrue(block.text().endsWith("-----END " + block.type() + "-----"));
        switch (block.type()) {
          case "CERTIFICATE" -> chain.add(certificate(block));
          case "PRIVATE KEY" -> keys.add(key(block));
          default -> {}
        }
      }
      for (PrivateKey key : keys) {
        CertifiedKey certified = new CertifiedKey(key, chain);
        assertEquals(chain, certified.chain());
      }
    } catch (IllegalArgumentException fault) {
      assertEquals(IllegalArgumentException.class, fault.getClass(), "not the declared kind");
      assertTrue(fault.getMessage().matches("[ -~]{1,200}"), fault.getMessage());
    }
  }

  private static X509Certificate certificate(PemBlock block) {
    X509Certificate certificate = block.certificate();
    String again = PEMEncoder.of().encodeToString(certificate);
    assertEquals(certificate, PemBlock.blocks(again).getFirst().certificate());
    return certificate;
  }

  private static PrivateKey key(PemBlock block) {
    PrivateKey key = block.privateKey();
    assertFalse(block.toString().contains("BEGIN"));
    return key;
  }
}
