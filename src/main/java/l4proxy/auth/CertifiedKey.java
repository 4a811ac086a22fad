package l4proxy.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key with the certificates that go with it. Keeps that they belong together and that TLS
 * can use them.
 *
 * @param privateKey an RSA or EC key
 * @param chain the certificate of the key first, then those that vouch for it
 */
record CertifiedKey(PrivateKey privateKey, List<X509Certificate> chain) {
  CertifiedKey {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("it has no certificate");
    }
    String algorithm =
        switch (privateKey.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> throw new IllegalArgumentException("its key is neither RSA nor EC");
        };
    if (!isPair(privateKey, chain.getFirst(), algorithm)) {
      throw new IllegalArgumentException(
          chain.size() == 1
              ? "the key is not that of the certificate"
              : "the key is not that of the first certificate, which must be the server's own");
    }
  }

  X509Certificate certificate() {
    return chain.getFirst();
  }

  @Override
  public String toString() {
    return "CertifiedKey[" + certificate().getSubjectX500Principal() + "]";
  }

  private static boolean isPair(PrivateKey key, X509Certificate certificate, String algorithm) {
    byte[] message = "l4proxy".getBytes(StandardCharsets.UTF_8);
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(message);
      byte[] signed = signature.sign();
      // Only the key: with the certificate, initVerify would also look at its key usage.
      signature.initVerify(certificate.getPublicKey());
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // keys of two kinds, curves or sizes
    }
  }
}
