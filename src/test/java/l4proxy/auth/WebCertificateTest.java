package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class WebCertificateTest {
  @TempDir static Path shared;
  private static List<Path> rsa;
  private static List<Path> ec;

  @TempDir Path temp;

  @BeforeAll
  static void create() throws Exception {
    rsa = PemFiles.create(shared, "rsa", "RSA");
    ec = PemFiles.create(shared, "ec", "EC", "-groupname", "secp384r1");
  }

  private Path file(String name, String content) throws Exception {
    return Files.writeString(temp.resolve(name), content);
  }

  private static String refusal(Path certificate, Path key) {
    return assertThrows(StateException.class, () -> WebCertificate.open(certificate, key))
        .getMessage();
  }

  @Test
  void rsaAndEcAreRead() throws Exception {
    for (List<Path> pair : List.of(rsa, ec)) {
      assertEquals(1, WebCertificate.open(pair.get(0), pair.get(1)).certifiedKey().chain().size());
    }
    assertEquals("WebCertificate[CN=rsa]", WebCertificate.open(rsa.get(0), rsa.get(1)).toString());
  }

  @Test
  void chainIsKeptInOrder() throws Exception {
    Path chain =
        file("chain.crt", Files.readString(rsa.get(0)) + "\n" + Files.readString(ec.get(0)));
    WebCertificate web = WebCertificate.open(chain, rsa.get(1));
    assertEquals(2, web.certifiedKey().chain().size());
    assertEquals("WebCertificate[CN=rsa]", web.toString());
  }

  @Test
  void chainInTheWrongOrderIsRefused() throws Exception {
    Path chain = file("chain.crt", Files.readString(ec.get(0)) + Files.readString(rsa.get(0)));
    assertTrue(refusal(chain, rsa.get(1)).contains("first certificate"));
  }

  @Test
  void oneFileMayHoldBoth() throws Exception {
    Path both = file("both.pem", Files.readString(rsa.get(0)) + Files.readString(rsa.get(1)));
    assertEquals("WebCertificate[CN=rsa]", WebCertificate.open(both, both).toString());
  }

  @Test
  void keyOfAnotherCertificateIsRefused() throws Exception {
    List<Path> other = PemFiles.create(temp, "other", "RSA");
    for (Path key : List.of(ec.get(1), other.get(1))) {
      String refusal = refusal(rsa.get(0), key);
      assertTrue(refusal.contains(key.toString()), refusal);
      assertTrue(refusal.contains(rsa.get(0).toString()), refusal);
    }
  }

  @Test
  void oldFormsAreRefusedWithTheCommandThatConvertsThem() throws Exception {
    for (String type : List.of("EC PRIVATE KEY", "RSA PRIVATE KEY")) {
      Path key =
          file(
              "old.key",
              "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                  + "-----BEGIN "
                  + type
                  + "-----\nMHcCAQEE\n-----END "
                  + type
                  + "-----\n");
      String refusal = refusal(ec.get(0), key);
      assertTrue(refusal.contains(type), refusal);
      assertTrue(refusal.contains("openssl pkcs8 -topk8 -nocrypt -in " + key), refusal);
    }
  }

  @Test
  void encryptedKeysAreRefusedWithTheCommandThatDecryptsThem() throws Exception {
    for (String block :
        List.of(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMHcCAQEE\n"
                + "-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n"
                + "\nMHcCAQEE\n-----END RSA PRIVATE KEY-----\n")) {
      Path key = file("encrypted.key", block);
      String refusal = refusal(rsa.get(0), key);
      assertTrue(refusal.contains("is encrypted"), refusal);
      assertTrue(refusal.contains("openssl pkcs8 -topk8 -nocrypt -in " + key), refusal);
    }
  }

  @Test
  void everythingElseIsRefusedWithFileAndOption() throws Exception {
    Path missing = temp.resolve("missing");
    Path empty = file("empty", "");
    Path binary = Files.write(temp.resolve("binary"), new byte[] {0x30, (byte) 0x82, (byte) 0xff});
    Path cut = file("cut", Files.readString(rsa.get(1)).substring(0, 100));
    Path damaged =
        file("damaged", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    Path damagedCertificate =
        file("damaged.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    Path two = file("two", Files.readString(rsa.get(1)) + Files.readString(ec.get(1)));
    for (Path key : List.of(missing, empty, cut, damaged, two, rsa.get(0))) {
      String refusal = refusal(rsa.get(0), key);
      assertTrue(refusal.contains("--tls_key names " + key), refusal);
    }
    for (Path certificate : List.of(missing, empty, cut, damagedCertificate, rsa.get(1))) {
      String refusal = refusal(certificate, rsa.get(1));
      assertTrue(refusal.contains("--tls_cert names " + certificate), refusal);
    }
    assertTrue(refusal(binary, rsa.get(1)).contains(binary.toString()));
    assertTrue(refusal(temp, rsa.get(1)).contains(temp.toString()));
  }

  @Test
  void certificateCutOffInTheMiddleOfAChainIsToldAsThat() throws Exception {
    String certificate = Files.readString(rsa.get(0));
    Path chain = file("chain.crt", certificate.substring(0, 200) + "\n" + certificate);
    assertTrue(refusal(chain, rsa.get(1)).contains("has no end"));
  }

  @Test
  void keysThatAreNeitherRsaNorEcAreRefused() throws Exception {
    List<Path> ed = PemFiles.create(temp, "ed", "Ed25519");
    assertTrue(refusal(ed.get(0), ed.get(1)).contains("neither RSA nor EC"));
  }
}
