package l4proxy.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What nobody but a key's owner may see. */
final class Secrets {
  private static final int PREFIX = 5;
  private static final int PIN = 32;

  private Secrets() {}

  /**
   * The texts that would give a key's secret away: the key, and the secret of its own in what this
   * program writes bytes as.
   */
  static List<String> forms(String key) {
    byte[] bytes = Base64.getUrlDecoder().decode(key.substring(PREFIX));
    byte[] secret = Arrays.copyOfRange(bytes, PIN, bytes.length);
    return List.of(
        key,
        key.substring(key.length() - 40),
        Base64.getUrlEncoder().withoutPadding().encodeToString(secret),
        Base64.getEncoder().withoutPadding().encodeToString(secret),
        HexFormat.of().formatHex(secret));
  }

  /** A key of the same server with another secret. */
  static String withAnotherSecret(String key) {
    byte[] bytes = Base64.getUrlDecoder().decode(key.substring(PREFIX));
    bytes[bytes.length - 1] ^= 1;
    return key.substring(0, PREFIX) + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** No file below has the text. */
  static void absentFrom(Path directory, String text) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(each), StandardCharsets.ISO_8859_1).contains(text)) {
          throw new AssertionError("a secret is in " + each);
        }
      }
    }
  }
}
