package l4proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class TlsTest {
  @TempDir static Path shared;
  private static Identity identity;
  private static Identity otherIdentity;
  private static WebCertificate rsaWeb;
  private static WebCertificate ecWeb;

  @BeforeAll
  static void create() throws Exception {
    identity = identity("one");
    otherIdentity = identity("two");
    rsaWeb = web("rsa", "RSA");
    ecWeb = web("ec", "EC");
  }

  private static Identity identity(String name) throws Exception {
    try (StateDirectory state = StateDirectory.open(shared.resolve(name))) {
      return Identity.open(state);
    }
  }

  private static WebCertificate web(String name, String algorithm) throws Exception {
    List<Path> files = PemFiles.create(shared, name, algorithm);
    return WebCertificate.open(files.get(0), files.get(1));
  }

  private static Pin pin(WebCertificate web) {
    return Pin.of(web.certifiedKey().certificate().getPublicKey());
  }

  private static SSLEngine client(SSLContext context) {
    return Tls.clientEngine(context, "server.example", 2222);
  }

  /** Any TLS client that trusts everybody and offers these protocols. */
  private static SSLEngine browser(String version, String... protocols) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new PinTrust(_ -> true)}, null);
    return browser(context, version, protocols);
  }

  private static SSLEngine browser(SSLContext context, String version, String... protocols) {
    SSLEngine engine = context.createSSLEngine("server.example", 443);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    parameters.setApplicationProtocols(protocols);
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static SSLContext server(Optional<WebCertificate> web) {
    return Tls.server(identity, web);
  }

  private static Predicate<Pin> only(Identity expected) {
    return expected.pin()::equals;
  }

  @Test
  void clientAndServerAgree() throws Exception {
    for (Optional<WebCertificate> web :
        List.of(Optional.<WebCertificate>empty(), Optional.of(rsaWeb), Optional.of(ecWeb))) {
      SSLEngine client = client(Tls.client(only(identity)));
      SSLEngine server = Tls.serverEngine(server(web));
      Engines.handshake(client, server);
      assertEquals("l4proxy/1", client.getApplicationProtocol());
      assertEquals("l4proxy/1", server.getApplicationProtocol());
      assertEquals("TLSv1.3", client.getSession().getProtocol());
      assertEquals("TLS_AES_128_GCM_SHA256", client.getSession().getCipherSuite());
      assertEquals(identity.pin(), Tls.pinOf(client));
      assertEquals("hello", carried(client, server));
      assertEquals("hello", carried(server, client));
    }
  }

  private static String carried(SSLEngine from, SSLEngine to) throws SSLException {
    ByteBuffer wire = ByteBuffer.allocate(1 << 15);
    ByteBuffer received = ByteBuffer.allocate(1 << 15);
    from.wrap(ByteBuffer.wrap("hello".getBytes(UTF_8)), wire);
    wire.flip();
    to.unwrap(wire, received);
    return new String(received.array(), 0, received.position(), UTF_8);
  }

  @Test
  void wrongServerIsRefusedAndItsPinKnown() throws Exception {
    SSLEngine client = client(Tls.client(only(identity)));
    SSLEngine server = Tls.serverEngine(Tls.server(otherIdentity, Optional.empty()));
    var e = assertThrows(SSLException.class, () -> Engines.handshake(client, server));
    WrongPinException wrong = WrongPinException.in(e).orElseThrow();
    assertEquals(otherIdentity.pin(), wrong.pin());
    assertTrue(wrong.getMessage().contains(otherIdentity.pin().text()));
    assertThrows(SSLPeerUnverifiedException.class, () -> Tls.pinOf(client));
    assertEquals(Optional.empty(), WrongPinException.in(new SSLException("other")));
  }

  @Test
  void webCertificateIsNeverShownToTheServersOwnClients() throws Exception {
    SSLEngine client = client(Tls.client(pin(ecWeb)::equals));
    SSLEngine server = Tls.serverEngine(server(Optional.of(ecWeb)));
    var e = assertThrows(SSLException.class, () -> Engines.handshake(client, server));
    assertEquals(identity.pin(), WrongPinException.in(e).orElseThrow().pin());
  }

  @Test
  void httpGetsTheWebCertificate() throws Exception {
    for (WebCertificate web : List.of(rsaWeb, ecWeb)) {
      SSLContext context = server(Optional.of(web));
      for (String[] offer :
          List.of(new String[] {"http/1.1"}, new String[] {"h2", "http/1.1"}, new String[0])) {
        SSLEngine browser = browser("TLSv1.3", offer);
        SSLEngine server = Tls.serverEngine(context);
        Engines.handshake(browser, server);
        assertEquals(pin(web), Tls.pinOf(browser));
        assertEquals(offer.length == 0 ? "" : "http/1.1", server.getApplicationProtocol());
      }
    }
  }

  @Test
  void httpGetsTheIdentityIfThereIsNothingElse() throws Exception {
    SSLEngine browser = browser("TLSv1.3", "http/1.1");
    Engines.handshake(browser, Tls.serverEngine(server(Optional.empty())));
    assertEquals(identity.pin(), Tls.pinOf(browser));
  }

  @Test
  void ownProtocolComesFirstWhateverTheOrder() throws Exception {
    SSLEngine browser = browser("TLSv1.3", "http/1.1", "l4proxy/1");
    Engines.handshake(browser, Tls.serverEngine(server(Optional.of(rsaWeb))));
    assertEquals("l4proxy/1", browser.getApplicationProtocol());
    assertEquals(identity.pin(), Tls.pinOf(browser));
  }

  @Test
  void otherProtocolsAreRefused() throws Exception {
    for (String protocol : List.of("h2", "l4proxy/2", "http/1.0")) {
      SSLEngine browser = browser("TLSv1.3", protocol);
      SSLEngine server = Tls.serverEngine(server(Optional.of(rsaWeb)));
      assertThrows(SSLException.class, () -> Engines.handshake(browser, server));
    }
  }

  @Test
  void olderTlsIsRefused() throws Exception {
    SSLEngine browser = browser("TLSv1.2", "http/1.1");
    SSLEngine server = Tls.serverEngine(server(Optional.of(rsaWeb)));
    assertThrows(SSLException.class, () -> Engines.handshake(browser, server));
  }

  @Test
  void clientTakesNothingOlderEither() throws Exception {
    SSLEngine server = Tls.serverEngine(server(Optional.empty()));
    SSLParameters parameters = server.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.2"});
    server.setSSLParameters(parameters);
    SSLEngine client = client(Tls.client(_ -> true));
    assertThrows(SSLException.class, () -> Engines.handshake(client, server));
  }

  @Test
  void secondConnectionResumesTheSessionAndStillHasThePin() throws Exception {
    for (Optional<WebCertificate> web :
        List.of(Optional.<WebCertificate>empty(), Optional.of(rsaWeb), Optional.of(ecWeb))) {
      AtomicInteger asked = new AtomicInteger();
      SSLContext context =
          Tls.client(pin -> {
            asked.incrementAndGet();
            return pin.equals(identity.pin());
          });
      SSLContext serverContext = server(web);
      for (int connection = 1; connection <= 3; connection++) {
        SSLEngine client = client(context);
        SSLEngine server = Tls.serverEngine(serverContext);
        Engines.handshake(client, server);
        assertEquals(identity.pin(), Tls.pinOf(client));
        assertEquals("l4proxy/1", server.getApplicationProtocol());
        assertEquals("hello", carried(client, server));
      }
      assertEquals(1, asked.get(), "a resumed session shows no certificate");
    }
  }

  @Test
  void browsersThatComeBackAreNeverShownTheIdentity() throws Exception {
    for (WebCertificate web : List.of(rsaWeb, ecWeb)) {
      SSLContext serverContext = server(Optional.of(web));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new PinTrust(_ -> true)}, null);
      for (int connection = 1; connection <= 3; connection++) {
        SSLEngine browser = browser(context, "TLSv1.3", "http/1.1");
        Engines.handshake(browser, Tls.serverEngine(serverContext));
        assertEquals(pin(web), Tls.pinOf(browser));
      }
    }
  }

  @Test
  void sessionIsNotResumedWithAnotherServer() throws Exception {
    SSLContext context = Tls.client(only(identity));
    Engines.handshake(client(context), Tls.serverEngine(server(Optional.empty())));
    SSLEngine impostor = Tls.serverEngine(Tls.server(otherIdentity, Optional.empty()));
    SSLEngine client = client(context);
    var e = assertThrows(SSLException.class, () -> Engines.handshake(client, impostor));
    assertEquals(otherIdentity.pin(), WrongPinException.in(e).orElseThrow().pin());
  }

  @Test
  void clientCertificatesAreNeverTrusted() {
    PinTrust trust = new PinTrust(_ -> true);
    var chain = identity.certifiedKey().chain().toArray(new X509Certificate[0]);
    assertThrows(CertificateException.class, () -> trust.checkClientTrusted(chain, "EC"));
  }
}
