package l4proxy.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import l4proxy.net.CidrList;

/**
 * Who may use a proxy: whoever fulfils each condition that is set; without any, everybody.
 *
 * @param login what users prove themselves with
 * @param allowed where they come from
 */
public record ProxyAccess(Optional<Login> login, Optional<CidrList> allowed) {
  /** What an owner says for no login. */
  public static final String NONE = "none";

  private static final String CHALLENGE = "Proxy-Authenticate: Basic realm=\"l4proxy\"";

  /**
   * Who may use a proxy, from what its owner said.
   *
   * @param userAuth {@code name:password}, or {@code none}; when absent, and {@code allow} too, a
   *     login is made up: only an owner who says so has an open proxy
   * @param allow the addresses that users may come from
   * @return who may use it
   * @throws IllegalArgumentException when the text is no login
   */
  public static ProxyAccess of(Optional<String> userAuth, Optional<CidrList> allow) {
    Optional<Login> login =
        userAuth.isPresent()
            ? userAuth.filter(text -> !text.equals(NONE)).map(Login::parse)
            : allow.isPresent() ? Optional.empty() : Optional.of(Login.random());
    return new ProxyAccess(login, allow);
  }

  /** Lets a request in, or says why not. */
  void check(InetAddress user, RequestHead request) throws Rejection {
    if (allowed.isPresent() && !allowed.get().contains(user)) {
      throw new Rejection(
          403, "This proxy is not for users of your address; its --allow says who.");
    }
    List<String> sent = request.fields().values("Proxy-Authorization");
    if (login.isPresent() && (sent.size() != 1 || !login.get().provenBy(sent.getFirst()))) {
      throw new Rejection(
          407, "This proxy needs the name and password of its PROXY LOGIN line.", CHALLENGE);
    }
  }
}
