package l4proxy.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.Loopback;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Watch;

/** A forward proxy on a port of loopback that may connect to anything, with its raw users. */
final class ProxyFixture implements AutoCloseable {
  static final ProxyAccess OPEN = new ProxyAccess(Optional.empty(), Optional.empty());

  private final AcceptLoop loop;
  private final Watch watch = new Watch();
  private final AtomicInteger serving = new AtomicInteger();

  ProxyFixture() throws IOException {
    this(OPEN, anywhere());
  }

  private static Dialer anywhere() {
    return new Dialer(host -> List.of(InetAddress.getAllByName(host)), address -> true);
  }

  ProxyFixture(ProxyAccess access, Dialer dialer) throws IOException {
    this(access, dialer, Body.SILENCE);
  }

  /** One whose servers may be silent for so long before they answer. */
  ProxyFixture(Duration silence) throws IOException {
    this(OPEN, anywhere(), silence);
  }

  private ProxyFixture(ProxyAccess access, Dialer dialer, Duration silence) throws IOException {
    ForwardProxy proxy = new ForwardProxy(access, dialer, watch, silence);
    loop =
        new AcceptLoop(
            "proxy",
            Loopback.listener(),
            socket -> {
              serving.incrementAndGet();
              try (Connection user = new PlainConnection(socket)) {
                proxy.serve(user, socket.getInetAddress(), () -> {});
              } finally {
                serving.decrementAndGet();
              }
            });
  }

  /** Users served now. */
  int serving() {
    return serving.get();
  }

  User user() throws IOException {
    return new User(new Socket("127.0.0.1", loop.port()));
  }

  @Override
  public void close() {
    loop.close();
    watch.close();
  }

  /** One end of a connection that speaks HTTP byte by byte. */
  record User(Socket socket) implements AutoCloseable {
    User {
      try {
        socket.setSoTimeout(20_000);
        socket.setTcpNoDelay(true);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    void send(String text) throws IOException {
      out().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    InputStream in() throws IOException {
      return socket.getInputStream();
    }

    OutputStream out() throws IOException {
      return socket.getOutputStream();
    }

    /** Reads up to and with the first empty line. */
    String head() throws IOException {
      return ProxyFixture.head(in());
    }

    String read(int bytes) throws IOException {
      return new String(in().readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    String rest() throws IOException {
      return new String(in().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** Reads up to and with the first empty line; what came until then when the stream ends. */
  static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        break;
      }
      head.write(b);
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  /** Reads a body in chunks to its end, and the text in them. */
  static String chunks(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    while (true) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b != '\n'; b = in.read()) {
        line.write(b);
      }
      int size = Integer.parseInt(line.toString(StandardCharsets.US_ASCII).strip(), 16);
      text.append(new String(in.readNBytes(size), StandardCharsets.ISO_8859_1));
      if (in.read() != '\r' || in.read() != '\n') {
        throw new AssertionError("no CR LF behind a chunk");
      }
      if (size == 0) {
        return text.toString();
      }
    }
  }
}
