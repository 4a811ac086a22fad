package l4proxy.auth;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what the server presents by the protocol agreed on: the identity for {@link
 * Tls#PROTOCOL}, the web certificate, if there is one, for everything else.
 */
final class ServerKeyManager extends X509ExtendedKeyManager {
  private static final String IDENTITY = "identity";
  private static final String WEB = "web";

  private final CertifiedKey identity;
  private final Optional<CertifiedKey> web;

  ServerKeyManager(CertifiedKey identity, Optional<CertifiedKey> web) {
    this.identity = identity;
    this.web = web;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    return alias(keyType, engine.getHandshakeApplicationProtocol());
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return alias(
        keyType, socket instanceof SSLSocket tls ? tls.getHandshakeApplicationProtocol() : null);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return key(alias).chain().toArray(new X509Certificate[0]);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return key(alias).privateKey();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null; // asked only by code that lists key stores
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }

  /** The alias, or null if its key is not of the type that the handshake asks for at this time. */
  private @Nullable String alias(String keyType, @Nullable String protocol) {
    if (protocol == null) {
      // Not agreed on yet: JSSE is about to resume a session, and asks only to compare the answer
      // with the certificate that the session began with. A wrong guess costs a full handshake.
      return isOfType(IDENTITY, keyType) ? IDENTITY : isOfType(WEB, keyType) ? WEB : null;
    }
    String alias = web.isEmpty() || protocol.equals(Tls.PROTOCOL) ? IDENTITY : WEB;
    return isOfType(alias, keyType) ? alias : null;
  }

  private boolean isOfType(String alias, String keyType) {
    return key(alias).privateKey().getAlgorithm().equals(keyType);
  }

  private CertifiedKey key(String alias) {
    return alias.equals(WEB) ? web.orElse(identity) : identity;
  }
}
