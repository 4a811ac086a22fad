package l4proxy.auth;

import java.security.DEREncodable;
import java.security.PEMDecoder;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * One block of a PEM text (RFC 7468). Faults are {@link IllegalArgumentException}s that say what is
 * wrong and quote nothing, as a block may be a private key.
 *
 * @param type what stands after BEGIN, such as {@code CERTIFICATE}
 * @param text the block with its two boundary lines
 */
record PemBlock(String type, String text) {
  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";

  /** The blocks in order. Text between them is a comment, as openssl writes it. */
  static List<PemBlock> blocks(String text) {
    List<PemBlock> blocks = new ArrayList<>();
    int begin = text.indexOf(BEGIN);
    while (begin >= 0) {
      int typeEnd = text.indexOf(DASHES, begin + BEGIN.length());
      String type = typeEnd < 0 ? "" : text.substring(begin + BEGIN.length(), typeEnd);
      String endLine = END + type + DASHES;
      int end = text.indexOf(endLine, begin);
      int next = text.indexOf(BEGIN, begin + BEGIN.length());
      if (type.isBlank() || end < 0 || (next >= 0 && next < end)) {
        throw new IllegalArgumentException("a PEM block in it has no end: was it cut off?");
      }
      blocks.add(new PemBlock(type, text.substring(begin, end + endLine.length())));
      begin = next;
    }
    return blocks;
  }

  X509Certificate certificate() {
    return decoded(X509Certificate.class, "a certificate in it cannot be read");
  }

  PrivateKey privateKey() {
    return decoded(PrivateKey.class, "the private key in it cannot be read");
  }

  /** Never the block itself. */
  @Override
  public String toString() {
    return "PemBlock[" + type + "]";
  }

  private <T extends DEREncodable> T decoded(Class<T> kind, String fault) {
    try {
      return PEMDecoder.of().decode(text, kind);
    } catch (RuntimeException e) {
      // The decoder throws several kinds for damaged input, some of which quote it.
      throw new IllegalArgumentException(fault);
    }
  }
}
