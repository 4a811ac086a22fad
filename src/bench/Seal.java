import module java.base;
import module java.management;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

// What TLS costs within the JVM, before any byte comes to a socket: one SSLEngine seals, another opens, in memory, on one
// thread. java Seal.java prints the processor time as JSON: seconds for a gigabyte in chunks of four full records, and
// microseconds for a record of 200 bytes, sealed and opened. With what a bare relay takes (Bare.java), that is the least that
// a relay with the JDK's TLS can take. Beside it what the cipher alone takes for a gigabyte in full records, sealed and opened
// from one array to another: TLS opens a record in place, in another way, and copies it.

static final int RECORD = 16 * 1024 - 17; // JSSE keeps 17 bytes of a record to itself
static final int CHUNK = 4 * RECORD;
static final int SMALL = 200;
static final int ROUNDS = 3;
static final char[] PASSWORD = "not a secret".toCharArray();

void main() throws Exception {
  SSLContext context = context();
  SSLEngine sender = engine(context, true);
  SSLEngine receiver = engine(context, false);
  shake(sender, receiver);
  double chunk = Double.MAX_VALUE;
  double cipher = Double.MAX_VALUE;
  double record = Double.MAX_VALUE;
  for (int i = 0; i < ROUNDS; i++) { // the first ones are the warm-up
    chunk = Math.min(chunk, nanos(sender, receiver, CHUNK, 20_000));
    record = Math.min(record, nanos(sender, receiver, SMALL, 200_000));
    cipher = Math.min(cipher, cipherNanos(80_000));
  }
  IO.println( // ns a byte are s a GB
      "{\"bulk\": %.3f, \"record\": %.2f, \"cipher\": %.3f}".formatted(chunk / CHUNK, record / 1e3, cipher / RECORD));
}

/** Processor time of the cipher for a full record, sealed and opened, after as many as told. */
static double cipherNanos(int times) throws GeneralSecurityException {
  var key = new SecretKeySpec(new byte[16], "AES");
  Cipher sealing = Cipher.getInstance("AES/GCM/NoPadding");
  Cipher opening = Cipher.getInstance("AES/GCM/NoPadding");
  byte[] text = new byte[RECORD];
  byte[] sealed = new byte[RECORD + 16];
  long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  for (int i = 0; i < times; i++) {
    var nonce = new GCMParameterSpec(128, ByteBuffer.allocate(12).putInt(i).array());
    sealing.init(Cipher.ENCRYPT_MODE, key, nonce);
    sealing.doFinal(text, 0, RECORD, sealed);
    opening.init(Cipher.DECRYPT_MODE, key, nonce);
    if (opening.doFinal(sealed, 0, sealed.length, text) != RECORD) {
      throw new IllegalStateException("a record is opened by half");
    }
  }
  return (double) (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / times;
}

static SSLEngine engine(SSLContext context, boolean client) {
  SSLEngine engine = context.createSSLEngine();
  engine.setUseClientMode(client);
  engine.setEnabledProtocols(new String[] {"TLSv1.3"});
  engine.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256"});
  return engine;
}

/** Processor time of sealing and opening so many bytes once, after as often as told. */
static double nanos(SSLEngine sender, SSLEngine receiver, int bytes, int times) throws SSLException {
  var sealed = ByteBuffer.allocate(2 * CHUNK);
  var opened = ByteBuffer.allocate(2 * CHUNK);
  var text = ByteBuffer.allocate(bytes);
  long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  for (int i = 0; i < times; i++) {
    text.clear();
    carry(sender, text, receiver, sealed, opened);
    if (opened.position() != bytes) {
      throw new IllegalStateException(opened.position() + " bytes were opened");
    }
  }
  return (double) (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / times;
}

/** Seals all of the text, and opens it. */
static void carry(SSLEngine from, ByteBuffer text, SSLEngine to, ByteBuffer sealed, ByteBuffer opened) throws SSLException {
  sealed.clear();
  opened.clear();
  do {
    from.wrap(text, sealed);
  } while (text.hasRemaining());
  sealed.flip();
  while (sealed.hasRemaining()) {
    to.unwrap(sealed, opened);
  }
}

static void shake(SSLEngine sender, SSLEngine receiver) throws SSLException {
  var sent = ByteBuffer.allocate(CHUNK);
  var answered = ByteBuffer.allocate(CHUNK);
  sender.beginHandshake();
  receiver.beginHandshake();
  while (sender.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
      || receiver.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
    step(sender, sent, answered);
    step(receiver, answered, sent);
  }
}

/** What one side can do of the handshake now: says it all, and hears it all, in turn. */
static void step(SSLEngine side, ByteBuffer said, ByteBuffer heard) throws SSLException {
  var nothing = ByteBuffer.allocate(0);
  while (side.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
    side.wrap(nothing, said);
    tasks(side);
  }
  heard.flip();
  while (heard.hasRemaining() && side.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
    side.unwrap(heard, nothing);
    tasks(side);
  }
  heard.compact();
}

static void tasks(SSLEngine engine) {
  for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
    task.run();
  }
}

/** With a certificate made for this run, which both sides trust. */
static SSLContext context() throws Exception {
  Path directory = Files.createTempDirectory("seal");
  Path store = directory.resolve("store.p12");
  try {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "bench", "-keyalg", "EC", "-dname", "CN=bench", "-keystore", store.toString(),
                "-storepass", new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool failed: " + said);
    }
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD);
    var trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(keys);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    return context;
  } finally {
    Files.deleteIfExists(store);
    Files.delete(directory);
  }
}
