package l4proxy.auth;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3 as both ends use it: the server shows its identity, the client accepts pins, and ALPN
 * tells l4proxy's own protocol from HTTP. Contexts may be shared by threads, and should be:
 * sessions are resumed within a context, which saves most of a handshake.
 */
public final class Tls {
  /** The ALPN name of l4proxy's own protocol. */
  public static final String PROTOCOL = "l4proxy/1";

  /** The ALPN name of what reaches the API and the dashboard (RFC 7301, section 6). */
  public static final String HTTP = "http/1.1";

  private static final String TLS13 = "TLSv1.3";

  /**
   * All of TLS 1.3 that the JDK has, the one that costs least first: it is the one that everybody
   * must have (RFC 8446, 9.1), and processors have instructions for it.
   */
  private static final String[] SUITES = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
  };

  private Tls() {}

  /**
   * A server's context.
   *
   * @param identity presented to l4proxy's own clients
   * @param web presented to everybody else; without one, the identity is
   * @return a context for {@link #serverEngine}
   */
  public static SSLContext server(Identity identity, Optional<WebCertificate> web) {
    return context(
        new KeyManager[] {
          new ServerKeyManager(identity.certifiedKey(), web.map(WebCertificate::certifiedKey))
        },
        // Not null, for which the JDK would read the certificate authorities it knows.
        new TrustManager[0]);
  }

  /**
   * A server's engine for one connection. Of the protocols a client offers it takes {@link
   * #PROTOCOL} before {@link #HTTP}; no offer at all will do, any other is refused.
   *
   * @param context from {@link #server}
   * @return an engine that has not begun its handshake
   */
  public static SSLEngine serverEngine(SSLContext context) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setSSLParameters(parameters());
    engine.setHandshakeApplicationProtocolSelector((_, offered) -> selected(offered));
    return engine;
  }

  /**
   * A client's context, for one server: what it was once accepted for stays accepted, because a
   * resumed session shows no certificate.
   *
   * @param accepted the servers that may be trusted; asked by the handshaking thread. The handshake
   *     of another one fails with a {@link WrongPinException} among its causes
   * @return a context for {@link #clientEngine}
   */
  public static SSLContext client(Predicate<Pin> accepted) {
    return context(new KeyManager[0], new TrustManager[] {new PinTrust(accepted)});
  }

  /**
   * A client's engine for one connection, speaking {@link #PROTOCOL}.
   *
   * @param context from {@link #client}
   * @param host the server as dialled; sessions are resumed for the same host and port
   * @param port the port as dialled
   * @return an engine that has not begun its handshake
   */
  public static SSLEngine clientEngine(SSLContext context, String host, int port) {
    SSLEngine engine = context.createSSLEngine(host, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters();
    parameters.setApplicationProtocols(new String[] {PROTOCOL});
    engine.setSSLParameters(parameters);
    return engine;
  }

  /**
   * Whom a client's engine is connected to.
   *
   * @param engine a client's engine after its handshake, resumed or not
   * @return the server's pin
   * @throws SSLPeerUnverifiedException if the handshake is not over
   */
  public static Pin pinOf(SSLEngine engine) throws SSLPeerUnverifiedException {
    return Pin.of(engine.getSession().getPeerCertificates()[0].getPublicKey());
  }

  private static @Nullable String selected(List<String> offered) {
    if (offered.contains(PROTOCOL)) {
      return PROTOCOL;
    }
    if (offered.contains(HTTP)) {
      return HTTP;
    }
    return offered.isEmpty() ? "" : null;
  }

  private static SSLParameters parameters() {
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(new String[] {TLS13});
    parameters.setCipherSuites(SUITES);
    return parameters;
  }

  private static SSLContext context(KeyManager[] keys, TrustManager[] trust) {
    try {
      SSLContext context = SSLContext.getInstance(TLS13);
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This Java has no TLS 1.3.", e);
    }
  }
}
