package l4proxy.lab;

import java.io.IOException;
import java.util.regex.Pattern;

/** One cable of the internet's, which can be broken in several ways and healed. */
public final class Link {
  private static final Pattern COUNTED = Pattern.compile("counter packets ([0-9]+)");

  private final Namespace internet;
  private final String name;
  private boolean ruled;

  Link(Namespace internet, String name) {
    this.internet = internet;
    this.name = name;
  }

  /** Pulls the cable: what is sent to the other end is answered with unreachable, or lost. */
  public void cut() throws IOException, InterruptedException {
    internet.ip("link", "set", name, "down");
  }

  /** Loses everything both ways, and says nothing. */
  public void blackHole() throws IOException, InterruptedException {
    rule("");
  }

  /** Loses that many of a hundred packets each way, at random. */
  public void lose(int percent) throws IOException, InterruptedException {
    rule("numgen random mod 100 < " + percent);
  }

  private void rule(String which) throws IOException, InterruptedException {
    internet.nft(
        """
        table inet fault_%1$s {
          chain forward {
            type filter hook forward priority filter; policy accept;
            iifname "%1$s" %2$s counter drop
            oifname "%1$s" %2$s counter drop
          }
        }
        """
            .formatted(name, which));
    ruled = true;
  }

  /** How many packets a rule has taken since it was made. */
  public long lost() throws IOException, InterruptedException {
    return COUNTED
        .matcher(internet.run("nft", "list", "table", "inet", "fault_" + name))
        .results()
        .mapToLong(counter -> Long.parseLong(counter.group(1)))
        .sum();
  }

  /** The link is as good as new. */
  public void heal() throws IOException, InterruptedException {
    if (ruled) {
      internet.nft("delete table inet fault_" + name + "\n");
      ruled = false;
    }
    internet.ip("link", "set", name, "up");
  }
}
