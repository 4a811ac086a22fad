package l4proxy.auth;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * The certificate shown to browsers and other HTTP clients, from {@code --tls_cert} and {@code
 * --tls_key}. Clients of l4proxy never see it, so it may be renewed at will. A value: a renewed
 * file is read at the next start.
 */
public final class WebCertificate {
  private final CertifiedKey certifiedKey;

  private WebCertificate(CertifiedKey certifiedKey) {
    this.certifiedKey = certifiedKey;
  }

  /**
   * Reads and checks two PEM files, which may be the same one.
   *
   * @param certificateFile the server's certificate, followed by those that vouch for it
   * @param keyFile its key: RSA or EC, PKCS#8 and not encrypted
   * @return the certificate
   * @throws StateException if a file is missing, unreadable or of another form (then it says how to
   *     convert it), or the key is not that of the first certificate
   */
  public static WebCertificate open(Path certificateFile, Path keyFile) throws StateException {
    List<X509Certificate> chain = chain(certificateFile);
    PrivateKey key = key(keyFile);
    try {
      return new WebCertificate(new CertifiedKey(key, chain));
    } catch (IllegalArgumentException e) {
      throw new StateException(
          "%s and %s cannot be used together: %s."
              .formatted(keyFile, certificateFile, e.getMessage()));
    }
  }

  /** Whom it names; never the key. */
  @Override
  public String toString() {
    return "WebCertificate[" + certifiedKey.certificate().getSubjectX500Principal() + "]";
  }

  CertifiedKey certifiedKey() {
    return certifiedKey;
  }

  private static List<X509Certificate> chain(Path file) throws StateException {
    String text = read(file, "--tls_cert");
    try {
      List<X509Certificate> chain =
          PemBlock.blocks(text).stream()
              .filter(block -> block.type().equals("CERTIFICATE"))
              .map(PemBlock::certificate)
              .toList();
      if (chain.isEmpty()) {
        throw new IllegalArgumentException("there is no BEGIN CERTIFICATE in it");
      }
      return chain;
    } catch (IllegalArgumentException e) {
      throw unusable(file, "--tls_cert", e, "PEM certificates, the server's own first");
    }
  }

  private static PrivateKey key(Path file) throws StateException {
    String text = read(file, "--tls_key");
    try {
      List<PemBlock> keys =
          PemBlock.blocks(text).stream()
              .filter(block -> block.type().endsWith("PRIVATE KEY"))
              .toList();
      if (keys.size() != 1) {
        throw new IllegalArgumentException(
            keys.isEmpty()
                ? "there is no BEGIN PRIVATE KEY in it"
                : "there are several keys in it");
      }
      PemBlock block = keys.getFirst();
      if (isEncrypted(block)) {
        throw new StateException(
            "The key in %s is encrypted: take the password off with %s, and give that file."
                .formatted(file, conversion(file)));
      }
      if (!block.type().equals("PRIVATE KEY")) {
        throw new StateException(
            "The key in %s is in the old form BEGIN %s: convert it with %s, and give that file."
                .formatted(file, block.type(), conversion(file)));
      }
      return block.privateKey();
    } catch (IllegalArgumentException e) {
      throw unusable(file, "--tls_key", e, "one RSA or EC key in the form BEGIN PRIVATE KEY");
    }
  }

  private static boolean isEncrypted(PemBlock block) {
    // The old forms say so in a header instead (RFC 1421).
    return block.type().equals("ENCRYPTED PRIVATE KEY")
        || block.text().contains("Proc-Type: 4,ENCRYPTED");
  }

  private static String conversion(Path file) {
    return "\"openssl pkcs8 -topk8 -nocrypt -in %s -out %s.pkcs8\"".formatted(file, file);
  }

  private static String read(Path file, String option) throws StateException {
    Optional<String> text = new WholeFile(file).read();
    return text.orElseThrow(
        () -> new StateException("%s names %s, which does not exist.".formatted(option, file)));
  }

  private static StateException unusable(
      Path file, String option, IllegalArgumentException fault, String expected) {
    return new StateException(
        "%s names %s, which cannot be used (%s): expected %s."
            .formatted(option, file, fault.getMessage(), expected));
  }
}
