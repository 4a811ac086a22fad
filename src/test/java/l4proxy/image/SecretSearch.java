package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Looks for a server's secrets, its keys and its private key, in all that was said. */
final class SecretSearch {
  private static final int LONG_LINE = 40;

  private final Account server;
  private final List<String> secrets = new ArrayList<>();

  SecretSearch(List<String> keys, Account server) throws IOException {
    this.server = server;
    keys.forEach(key -> secrets.addAll(Secrets.forms(key)));
    Path identity = server.state().resolve("identity.pem");
    if (Files.exists(identity)) {
      String text = Files.readString(identity);
      text.substring(text.indexOf("PRIVATE KEY"))
          .lines()
          .takeWhile(line -> !line.startsWith("-----END"))
          .filter(line -> line.length() >= LONG_LINE)
          .forEach(secrets::add);
    }
  }

  /**
   * Nothing that programs printed or logged has a secret, but for the server's line that says how
   * to join and what made a key; nor has a client's state.
   */
  void saysNone(Collection<Account> clients, Path accessLog) throws IOException {
    StringBuilder said = new StringBuilder();
    for (Program each : server.programs()) {
      said.append(each.err().text());
      each.out().all().stream().filter(l -> !l.contains("L4PROXY_JOIN=")).forEach(said::append);
    }
    clients.forEach(each -> each.programs().forEach(program -> said.append(program.said())));
    if (Files.exists(accessLog)) {
      said.append(Files.readString(accessLog));
    }
    for (String secret : secrets) {
      assertFalse(said.indexOf(secret) >= 0, "a secret was printed or logged");
      for (Account each : clients) {
        Secrets.absentFrom(each.state(), secret);
      }
    }
  }
}
