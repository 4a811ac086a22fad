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
  private static final String CHALLENGE = "Proxy-Authenticate: Basic realm=\"l4proxy\"";

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
