package l4proxy.net;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/** Finds the addresses of a host. */
@FunctionalInterface
public interface Resolver {
  /**
   * Looks a host up; may be called by several threads at once.
   *
   * @param host a name or an address
   * @return its addresses, at least one
   * @throws java.net.UnknownHostException when there is none
   * @throws java.net.SocketTimeoutException when none came in time
   * @throws IOException when it cannot be looked up for another reason
   */
  List<InetAddress> resolve(String host) throws IOException;
}
