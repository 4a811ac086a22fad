package l4proxy.cli;

import java.util.List;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.net.HostPort;

/**
 * The lines {@code PUBLIC ADDRESS: host:port}, with the service's name behind when there are
 * several; a client that had several once goes on with the names. Any thread.
 */
final class Announcements implements ProxyClient.Listener {
  private final LiveLine live;
  private volatile boolean named;

  Announcements(LiveLine live) {
    this.live = live;
  }

  /** What there is to announce from now on. */
  void of(List<ServiceConfig> services) {
    named |= services.size() > 1;
  }

  @Override
  public void reachable(ServiceConfig service, HostPort publicAddress) {
    live.print("PUBLIC ADDRESS: " + publicAddress + (named ? " " + service.name() : ""));
  }
}
