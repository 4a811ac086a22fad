package l4proxy.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Pin;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServerProbe;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;
import org.jspecify.annotations.Nullable;

/** The steps of {@code check} that ask a server; each uses what those before it found. */
final class ServerChecks {
  private static final int UNAUTHORIZED = 401;

  private final ServerOptions options;
  private final HostPort server;
  private final Shell shell;
  private @Nullable InetSocketAddress address;
  private @Nullable Pin seen;
  private @Nullable Trust trust;
  private Optional<Instant> date = Optional.empty();

  ServerChecks(ServerOptions options, Shell shell) {
    this.options = options;
    this.server = options.server();
    this.shell = shell;
  }

  Finding name() {
    try {
      InetSocketAddress found = server.resolve();
      address = found;
      return Finding.ok(server.host() + " is " + Sockets.text(found));
    } catch (UnknownHostException e) {
      return Finding.fail(
          server.host()
              + " has no address: look at the spelling in --svr_addr, and at this machine's DNS");
    }
  }

  Finding tcp() {
    return MachineChecks.connect(
        known(address), "start the server there, or name its control port in --svr_addr");
  }

  Finding tls() {
    try {
      seen = ServerProbe.pin(server, known(address), MachineChecks.TIME);
      return Finding.ok("TLS 1.3, and the protocol is l4proxy's");
    } catch (IOException e) {
      return Finding.fail(
          e.getMessage() + ": name the control port of an l4proxy server in --svr_addr");
    }
  }

  /** What this user has to prove itself with; nobody is asked for it. */
  Finding credentials() throws IOException, UsageException, FailedException {
    Trust found = new Access(server, shell, shell::warn).trust(options.join(), true, "");
    // nothing is kept: the credentials file is as it was
    trust = new Trust(found.key(), found.pin(), pin -> {});
    if (options.join().isPresent()) {
      return Finding.ok("a key was given");
    }
    if (found.key().isPresent()) {
      return Finding.ok("the credentials file has a key for " + server);
    }
    if (found.pin().isPresent()) {
      return Finding.unknown(
          "the credentials file has no key for " + server + ", which was used with --no_auth");
    }
    return Finding.fail(
        "there is no key for "
            + server
            + ": give one with --join or L4PROXY_JOIN; on the server, 'l4proxy key create NAME'"
            + " makes one");
  }

  Finding pin() {
    Optional<Pin> expected = known(trust).key().map(JoinKey::pin).or(() -> known(trust).pin());
    return expected.equals(Optional.of(known(seen)))
        ? Finding.ok("the server has the public key that is expected")
        : Finding.fail(
            "the server has another public key than is expected: somebody is in between, or it"
                + " lost its state, or it is another server; get a new key, made there by"
                + " 'l4proxy key create NAME', or remove its entry from the credentials file");
  }

  Finding key() throws IOException, RefusedException {
    boolean any = known(trust).key().isPresent();
    ApiClient.Answer answer =
        new ApiClient(server, known(trust))
            .request("GET", any ? "/v1/clients?pageSize=1" : "/healthz", Optional.empty());
    date = answer.date();
    if (answer.status() == UNAUTHORIZED) {
      return Finding.fail(
          "the server does not know the key: it was revoked; get a new one, made there by"
              + " 'l4proxy key create NAME'");
    }
    if (answer.status() != 200) {
      return Finding.fail(
          "the server answers with status " + answer.status() + ": look into its log");
    }
    return any
        ? Finding.ok("the server knows it")
        : Finding.unknown("there is none; a client needs none where both sides have --no_auth");
  }

  /** What can be said of a public port without asking for it. */
  Finding port(int wanted, HostPort backend)
      throws UsageException, FailedException, RefusedException {
    if (wanted == 0) {
      return Finding.unknown("the server draws one, since --pub_port names none");
    }
    if (known(trust).key().isEmpty()) {
      return Finding.unknown("without a key the server does not tell who has " + wanted);
    }
    List<JsonObject> holders = holders(wanted);
    if (holders.isEmpty()) {
      return Finding.unknown(
          "no client that the key may see has "
              + wanted
              + "; whether it is granted and free is told only to a client that asks for it");
    }
    return held(wanted, backend, holders);
  }

  private static Finding held(int wanted, HostPort backend, List<JsonObject> holders) {
    String name = ServerApi.text(holders.getFirst(), "name");
    if (holders.stream().allMatch(each -> ServerApi.text(each, "sharePublicAddr").equals("true"))) {
      return Finding.unknown(
          wanted + " is shared: --share_public_port, with the same key and --balance, joins in");
    }
    if (ServerApi.text(holders.getFirst(), "backend").equals(backend.toString())) {
      return Finding.unknown(
          wanted
              + " is had by the client "
              + name
              + " for "
              + backend
              + ", perhaps this machine's");
    }
    return Finding.fail(
        wanted
            + " is had by the client "
            + name
            + ": ask for another port, end that with 'l4proxy client close "
            + name
            + "', or share it (--share_public_port on each client)");
  }

  private List<JsonObject> holders(int port)
      throws UsageException, FailedException, RefusedException {
    JsonObject all = new ServerApi(server, known(trust)).all("/v1/clients", "clients");
    List<JsonObject> holders = new ArrayList<>();
    if (all.get("clients") instanceof JsonArray clients) {
      for (JsonElement each : clients) {
        if (each instanceof JsonObject client
            && !ServerApi.text(client, "direct").equals("true") // that port is elsewhere
            && ServerApi.text(client, "publicAddress").endsWith(":" + port)) {
          holders.add(client);
        }
      }
    }
    return holders;
  }

  Finding clock() {
    return date.map(shown -> MachineChecks.clock(shown, Instant.now()))
        .orElseGet(() -> Finding.unknown("the server did not tell what its clock shows"));
  }

  /** What a step before this one has found: this one is skipped otherwise. */
  private static <T> T known(@Nullable T found) {
    if (found == null) {
      throw new IllegalStateException("a step was taken too early");
    }
    return found;
  }
}
