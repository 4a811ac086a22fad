package l4proxy.auth;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PEMEncoder;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.util.List;
import java.util.Optional;

/**
 * What a server is known by: an EC P-256 key with a self-signed certificate, in the state file
 * {@code identity.pem}. Clients look at the key alone, so nothing here ever expires. A value.
 */
public final class Identity {
  static final String FILE = "identity.pem";

  private final CertifiedKey certifiedKey;

  private Identity(CertifiedKey certifiedKey) {
    this.certifiedKey = certifiedKey;
  }

  /**
   * Reads and checks the identity. At the first start it is created, in about half a second.
   *
   * @param state where it is kept
   * @return the identity
   * @throws StateException if the file cannot be read or written, is damaged, or its key and
   *     certificate do not belong together
   */
  public static Identity open(StateDirectory state) throws StateException {
    Optional<String> text = state.read(FILE);
    if (text.isPresent()) {
      try {
        return new Identity(parse(text.get()));
      } catch (IllegalArgumentException e) {
        throw StateException.corrupt(state.pathOf(FILE), String.valueOf(e.getMessage()));
      }
    }
    if (state.read(Keys.FILE).isPresent()) {
      throw new StateException(
          "%s is missing, and the keys in %s are worthless without it: restore it from a backup, or move the keys away too, which makes every join key given out so far worthless."
              .formatted(state.pathOf(FILE), state.pathOf(Keys.FILE)));
    }
    try {
      CertifiedKey made = Keytool.create(state.path());
      PEMEncoder encoder = PEMEncoder.of();
      state.write(
          FILE,
          encoder.encodeToString(made.privateKey()) + encoder.encodeToString(made.certificate()));
      return new Identity(made);
    } catch (StateException e) {
      throw e;
    } catch (IOException e) {
      throw new StateException(
          "Cannot create the server's identity in %s (%s): give it space, or use a complete Java."
              .formatted(state, e.getMessage()),
          e);
    }
  }

  /**
   * What clients know this server by.
   *
   * @return the pin of its public key
   */
  public Pin pin() {
    return Pin.of(certifiedKey.certificate().getPublicKey());
  }

  /** The pin; never the key. */
  @Override
  public String toString() {
    return "Identity[pin=" + pin() + "]";
  }

  CertifiedKey certifiedKey() {
    return certifiedKey;
  }

  private static CertifiedKey parse(String text) {
    List<PemBlock> blocks = PemBlock.blocks(text);
    List<PrivateKey> keys =
        blocks.stream()
            .filter(block -> block.type().equals("PRIVATE KEY"))
            .map(PemBlock::privateKey)
            .toList();
    List<X509Certificate> certificates =
        blocks.stream()
            .filter(block -> block.type().equals("CERTIFICATE"))
            .map(PemBlock::certificate)
            .toList();
    if (blocks.size() != 2 || keys.size() != 1 || certificates.size() != 1) {
      throw new IllegalArgumentException("it must hold one PRIVATE KEY and one CERTIFICATE");
    }
    if (!isP256(keys.getFirst())) {
      throw new IllegalArgumentException("its key is not an EC key of the curve P-256");
    }
    return new CertifiedKey(keys.getFirst(), certificates);
  }

  private static boolean isP256(PrivateKey key) {
    try {
      AlgorithmParameters p256 = AlgorithmParameters.getInstance("EC");
      p256.init(new ECGenParameterSpec("secp256r1"));
      ECParameterSpec expected = p256.getParameterSpec(ECParameterSpec.class);
      return key instanceof ECKey ec
          && ec.getParams().getCurve().equals(expected.getCurve())
          && ec.getParams().getGenerator().equals(expected.getGenerator());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This Java does not know the curve P-256.", e);
    }
  }
}
