package l4proxy.lab;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A network behind a router that translates its address, and forgets a connection for good when its
 * mapping is gone, as routers do.
 */
public final class Home {
  private static final String ROUTER = "192.168.1.1";
  private static final String HOST = "192.168.1.10";
  private static final String MOVED = "192.168.1.11";
  private static final String LENGTH = "/24";

  private final Namespace host;
  private final Namespace router;
  private final Link link;
  private String address = HOST;
  private Optional<SlowCable> slow = Optional.empty();

  Home(Namespace host, Namespace router, Link link) {
    this.host = host;
    this.router = router;
    this.link = link;
  }

  static Home of(Namespace host, Namespace router, Namespace internet, String name, String network)
      throws IOException, InterruptedException {
    Namespace.join(router, "lan", ROUTER + LENGTH, host, "lan", HOST + LENGTH);
    Namespace.join(internet, name, network + ".1" + LENGTH, router, "wan", network + ".2" + LENGTH);
    host.ip("route", "add", "default", "via", ROUTER);
    router.ip("route", "add", "default", "via", network + ".1");
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.netfilter.nf_conntrack_tcp_loose=0");
    router.nft(
        """
        table ip nat {
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            oifname "wan" masquerade random
          }
        }
        table inet firewall {
          chain forward {
            type filter hook forward priority filter; policy drop;
            ct state established,related accept
            iifname "lan" ct state new accept
          }
          chain input {
            type filter hook input priority filter; policy accept;
            iifname "wan" drop
          }
        }
        """);
    return new Home(host, router, new Link(internet, name));
  }

  /** Where the client runs. */
  public Namespace host() {
    return host;
  }

  /** Between the router and the internet. */
  public Link link() {
    return link;
  }

  /** The router forgets every connection. */
  public void forgetMappings() throws IOException, InterruptedException {
    router.run("conntrack", "-F");
  }

  /** The host has another address, and the one it had no more. */
  public void changeAddress() throws IOException, InterruptedException {
    String next = address.equals(HOST) ? MOVED : HOST;
    host.ip("address", "delete", address + LENGTH, "dev", "lan");
    host.ip("address", "add", next + LENGTH, "dev", "lan");
    host.ip("route", "replace", "default", "via", ROUTER);
    address = next;
  }

  /** Why its cable cannot be slow here; empty when it can. */
  public static Optional<String> cannotBeSlow() {
    return SlowCable.missing();
  }

  /**
   * Each packet between the host and the router takes so long from now on, each way. The first time
   * another cable is put in: what is under way in that moment is lost, connections and mappings
   * stay.
   */
  public void slow(Duration eachWay) throws IOException, InterruptedException {
    if (slow.isPresent()) {
      slow.get().delay(eachWay);
      return;
    }
    SlowCable made = new SlowCable(host, router, "slow");
    made.delay(eachWay);
    slow = Optional.of(made);
    host.ip("link", "delete", "lan"); // and the router's end
    router.ip("link", "set", "slow", "name", "lan");
    host.ip("link", "set", "slow", "name", "lan");
    router.attach("lan", ROUTER + LENGTH);
    host.attach("lan", address + LENGTH);
    host.ip("route", "add", "default", "via", ROUTER);
  }
}
