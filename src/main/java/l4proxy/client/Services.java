package l4proxy.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.wire.Tunnel;

/** What this client serves, and which tunnels have a user on them. Any thread. */
final class Services {
  private final List<ServiceConfig> configured;
  private final Set<Tunnel> all = ConcurrentHashMap.newKeySet();
  private final Set<Tunnel> busy = ConcurrentHashMap.newKeySet();

  Services(List<ServiceConfig> configured) {
    this.configured = configured;
  }

  /**
   * The address of a service's backend, looked up anew; only those that were configured are ever
   * dialled.
   */
  InetSocketAddress backend(int service) throws IOException {
    if (service >= configured.size()) {
      throw new IOException("this client has no service " + service);
    }
    return configured.get(service).backend().resolve();
  }

  List<ServiceConfig> configured() {
    return configured;
  }

  void opened(Tunnel tunnel) {
    all.add(tunnel);
  }

  void closed(Tunnel tunnel) {
    all.remove(tunnel);
    busy.remove(tunnel);
  }

  void busy(Tunnel tunnel) {
    busy.add(tunnel);
  }

  void idle(Tunnel tunnel) {
    busy.remove(tunnel);
  }

  /** How many users are on now. */
  int users() {
    return (int) busy.stream().filter(tunnel -> !tunnel.state().idle()).count();
  }

  /** The control connection is lost: idle tunnels are of no use, the others are tested. */
  void sessionLost() {
    for (Tunnel tunnel : all) {
      if (tunnel.state().idle()) {
        tunnel.close();
      } else {
        tunnel.sessionLost();
      }
    }
  }
}
