package l4proxy.auth;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PEMEncoder;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** Makes certificates for tests, in a directory of the test's. */
final class PemFiles {
  private PemFiles() {}

  /** A self-signed certificate of this key algorithm: its file, then the file of its key. */
  static List<Path> create(Path directory, String name, String algorithm, String... options)
      throws Exception {
    Path store = directory.resolve(name + ".p12");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                "changeit"));
    command.addAll(List.of(options));
    Process keytool = new ProcessBuilder(command).inheritIO().start();
    if (keytool.waitFor() != 0) {
      throw new IllegalStateException("keytool failed");
    }
    KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    PEMEncoder encoder = PEMEncoder.of();
    Path certificate = directory.resolve(name + ".crt");
    Path key = directory.resolve(name + ".key");
    Files.writeString(
        certificate, encoder.encodeToString((X509Certificate) keys.getCertificate("a")));
    Files.writeString(
        key, encoder.encodeToString((PrivateKey) keys.getKey("a", "changeit".toCharArray())));
    return List.of(certificate, key);
  }
}
