package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.Optional;
import l4proxy.api.Fields;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import l4proxy.client.Trust;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/** {@code l4proxy redirect}: one address for browsers, wherever a client is. */
final class RedirectCommand implements Command {
  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Parameter(
      names = "--display",
      placeholder = "NAME",
      description = "the display name of the clients to send browsers to",
      converter = Values.DisplayName.class,
      order = 3)
  private @Nullable String display;

  @Parameter(
      names = "--addr",
      placeholder = "[HOST]:PORT",
      description = "where to listen for HTTP",
      defaultValueDescription = ":3000, every address",
      converter = AddressValues.RedirectAddress.class,
      order = 4)
  private HostPort addr = new HostPort("", Values.REDIRECT_PORT);

  @Parameter(
      names = "--key",
      placeholder = "NAME",
      description = "the name of the key whose clients count; an admin key needs it",
      defaultValueDescription = "that of the key given",
      converter = Values.Name.class,
      order = 5)
  private @Nullable String key;

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    if (display == null) {
      throw new UsageException("--display is missing: say which clients to send browsers to.");
    }
    Trust trust = new Access(server.server(), shell, shell::warn).trust(server.join(), false, "");
    ApiClient api = new ApiClient(server.server(), trust);
    check(api);
    Events events = Events.log("l4proxy.redirect");
    Stop stop = shell.stop().get();
    try (Redirector redirector =
        listen(new Whereabouts(api, display, Optional.ofNullable(key)), events)) {
      events.happened(
          new Event.Listening(
              "redirect to " + display, new HostPort(addr.host(), redirector.port()).toString()));
      stop.await();
    }
    return 0;
  }

  /** Another's clients are hidden from a key that is no admin's: nobody would ever be sent on. */
  private void checkOwn(ApiClient api) throws FailedException, RefusedException {
    ask(api, "/v1/clients?pageSize=1");
    ApiClient.Answer self = ask(api, "/v1/session");
    Optional<String> own;
    try {
      own = Fields.parse(self.body()).text("key");
    } catch (IllegalArgumentException strange) {
      own = Optional.empty();
    }
    if (key != null && !own.equals(Optional.of(key))) {
      throw new FailedException(
          "--key: the key given is "
              + own.orElse("another")
              + ", no admin key, and may not see the clients of "
              + Text.quoted(key)
              + "; leave --key out, or give an admin key.");
    }
  }

  /** Whose key it is: an admin's sees the clients of all keys, and only one's are to count. */
  private void check(ApiClient api) throws UsageException, FailedException, RefusedException {
    if (request(api, "/v1/keys?pageSize=1").status() != 200) {
      checkOwn(api);
    } else if (key == null) {
      throw new UsageException(
          "--key is missing: an admin key sees the clients of all keys, so say whose to send"
              + " browsers to.");
    }
  }

  /** What has to be answered before there is any use in listening. */
  private ApiClient.Answer ask(ApiClient api, String path)
      throws FailedException, RefusedException {
    ApiClient.Answer answer = request(api, path);
    if (answer.status() == 401) {
      throw new FailedException(
          "The server at " + server.server() + " does not know the key; ask for another.");
    }
    if (answer.status() != 200) {
      throw new FailedException(
          "The server at "
              + server.server()
              + " does not say where clients are (status "
              + answer.status()
              + "): give a key that may ask, or an admin key and --key.");
    }
    return answer;
  }

  private ApiClient.Answer request(ApiClient api, String path)
      throws FailedException, RefusedException {
    try {
      return api.request("GET", path, Optional.empty());
    } catch (IOException e) {
      throw new FailedException(
          "Cannot talk to the server at "
              + server.server()
              + " ("
              + e.getMessage()
              + "): is it running, and is --svr_addr right?");
    }
  }

  private Redirector listen(Whereabouts whereabouts, Events events) throws FailedException {
    try {
      return new Redirector(addr.resolve(), whereabouts, events);
    } catch (IOException e) {
      throw new FailedException(
          "Cannot listen on "
              + addr
              + " ("
              + e.getMessage()
              + "): stop what uses it, or choose another with --addr.");
    }
  }
}
