package l4proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import l4proxy.auth.Identity;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.StateException;
import l4proxy.auth.Tls;
import l4proxy.net.PlainConnection;
import l4proxy.net.TlsConnection;

/**
 * Two connected sockets on loopback with TLS over them, as between a client and a server, the
 * handshake done.
 */
public record TlsPair(Loopback sockets, TlsConnection client, TlsConnection server)
    implements AutoCloseable {
  private static final Duration HANDSHAKE = Duration.ofSeconds(20);
  private static final SSLContext SERVER = serverContext();
  private static final SSLContext CLIENT = Tls.client(pin -> true);

  private static SSLContext serverContext() {
    try {
      Path directory = Files.createTempDirectory("identity");
      try (StateDirectory state = StateDirectory.open(directory.resolve("state"))) {
        return Tls.server(Identity.open(state), Optional.empty());
      } catch (StateException e) {
        throw new IllegalStateException(e);
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(directory)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }

  public static SSLEngine serverEngine() {
    return Tls.serverEngine(SERVER);
  }

  public static SSLEngine clientEngine() {
    return Tls.clientEngine(CLIENT, "server.example", 2222);
  }

  public static TlsConnection server(Socket socket) throws IOException {
    return new TlsConnection(new PlainConnection(socket), serverEngine());
  }

  public static TlsConnection client(Socket socket) throws IOException {
    return new TlsConnection(new PlainConnection(socket), clientEngine());
  }

  public static TlsPair connect() throws IOException {
    Loopback sockets = Loopback.pair();
    TlsPair pair = new TlsPair(sockets, client(sockets.one()), server(sockets.other()));
    CompletableFuture<Void> other =
        CompletableFuture.runAsync(() -> handshake(pair.client), r -> Thread.ofVirtual().start(r));
    handshake(pair.server);
    other.join();
    return pair;
  }

  private static void handshake(TlsConnection connection) {
    try {
      connection.in().deadline(HANDSHAKE);
      connection.handshake();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    sockets.close();
  }
}
