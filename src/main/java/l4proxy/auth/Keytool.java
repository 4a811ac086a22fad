package l4proxy.auth;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes a key with a self-signed certificate through the JDK's own {@code bin/keytool}, because the
 * JDK has no public API that makes certificates and l4proxy writes no cryptography of its own.
 */
final class Keytool {
  private static final String ALIAS = "l4proxy";
  private static final String PASSWORD_VARIABLE = "L4PROXY_KEYSTORE_PASSWORD";
  private static final int MAX_OUTPUT_BYTES = 2000;
  private static final long TIMEOUT_SECONDS = 60;

  private Keytool() {}

  /** An EC P-256 key; what is written on the way is in a private directory and encrypted. */
  static CertifiedKey create(Path directory) throws IOException {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    String password = Base64Url.text(random);
    Path temporary =
        directory.resolve(".identity." + ProcessHandle.current().pid() + PrivateFiles.TEMPORARY);
    PrivateFiles.createDirectories(temporary);
    try {
      Path store = temporary.resolve("identity.p12");
      run(store, temporary.resolve("output"), password);
      return read(store, password.toCharArray());
    } finally {
      PrivateFiles.remove(temporary);
    }
  }

  private static void run(Path store, Path output, String password) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command(store))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile()); // a pipe would have to be read while we wait
    builder.environment().put(PASSWORD_VARIABLE, password);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("keytool took more than " + TIMEOUT_SECONDS + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException("keytool said: " + head(output));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<String> command(Path store) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-J-Duser.language=en",
        "-J-XX:TieredStopAtLevel=1", // it does not live long enough for more
        // To stretch a password of 256 random bits makes nothing safer.
        "-J-Dkeystore.pkcs12.keyPbeIterationCount=1",
        "-J-Dkeystore.pkcs12.certPbeIterationCount=1",
        "-J-Dkeystore.pkcs12.macIterationCount=1",
        "-genkeypair",
        "-alias",
        ALIAS,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-sigalg",
        "SHA256withECDSA",
        "-dname",
        "CN=l4proxy",
        "-validity",
        "36500",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        // Not on the command line, which every user of the machine can read.
        "-storepass:env",
        PASSWORD_VARIABLE);
  }

  private static String head(Path output) throws IOException {
    try (InputStream in = Files.newInputStream(output)) {
      byte[] head = in.readNBytes(MAX_OUTPUT_BYTES);
      return new String(head, StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
    }
  }

  private static CertifiedKey read(Path store, char[] password) throws IOException {
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, password);
      if (keys.getKey(ALIAS, password) instanceof PrivateKey key
          && keys.getCertificate(ALIAS) instanceof X509Certificate certificate) {
        return new CertifiedKey(key, List.of(certificate));
      }
      throw new IOException("keytool made no key");
    } catch (GeneralSecurityException e) {
      throw new IOException("what keytool made cannot be read", e);
    }
  }
}
