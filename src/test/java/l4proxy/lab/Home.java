package l4proxy.lab;

import java.io.IOException;

/**
 * A network behind a router that translates its address, and forgets a connection for good when its
 * mapping is gone, as routers do.
 */
public final class Home {
  private static final String HOST = "192.168.1.10";
  private static final String MOVED = "192.168.1.11";
  private static final String LENGTH = "/24";

  private final Namespace host;
  private final Namespace router;
  private final Link link;
  private String address = HOST;

  Home(Namespace host, Namespace router, Link link) {
    this.host = host;
    this.router = router;
    this.link = link;
  }

  static Home of(Namespace host, Namespace router, Namespace internet, String name, String network)
      throws IOException, InterruptedException {
    Namespace.join(router, "lan", "192.168.1.1" + LENGTH, host, "lan", HOST + LENGTH);
    Namespace.join(internet, name, network + ".1" + LENGTH, router, "wan", network + ".2" + LENGTH);
    host.ip("route", "add", "default", "via", "192.168.1.1");
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
    host.ip("route", "replace", "default", "via", "192.168.1.1");
    address = next;
  }
}
