package l4proxy.server;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The private way between a server process and the one that takes it over: a Unix domain socket
 * named {@value #SOCKET} in the state directory, which only their user may connect to. Each message
 * is a JSON object with a {@code type}, behind its length in four bytes.
 *
 * <p>A thread of the link's own reads. {@link #close()} and the end of the other process end it.
 */
final class TakeoverLink implements AutoCloseable {
  /** The socket's name in the state directory. */
  static final String SOCKET = "takeover";

  /** Enough for the most leases there can be. */
  private static final int MAX = 16 * 1024 * 1024;

  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private static final Map<String, Class<?>> TYPES =
      Stream.of(TakeoverMessage.class.getPermittedSubclasses())
          .collect(Collectors.toMap(TakeoverLink::name, type -> type));

  /** What was read, or why no more is. */
  private sealed interface Read {
    record Said(TakeoverMessage message) implements Read {}

    record Over(String why) implements Read {}
  }

  private final SocketChannel channel;
  private final BlockingQueue<Read> read = new LinkedBlockingQueue<>();

  /** Takes over a connected channel, and closes it. */
  TakeoverLink(SocketChannel channel) {
    this.channel = channel;
    Thread.ofVirtual().name("takeover reader").start(this::read);
  }

  /** Connects to the process that has a state directory. */
  static TakeoverLink connect(Path directory) throws IOException {
    return new TakeoverLink(SocketChannel.open(address(directory)));
  }

  /** Where a process is reached. */
  static UnixDomainSocketAddress address(Path directory) {
    return UnixDomainSocketAddress.of(directory.resolve(SOCKET));
  }

  private static String name(Class<?> type) {
    return type.getSimpleName();
  }

  private void read() {
    try {
      DataInputStream in =
          new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
      while (true) {
        read.add(new Read.Said(next(in)));
      }
    } catch (IOException | RuntimeException over) { // gson's own too: another program is there
      read.add(
          new Read.Over(over instanceof IOException ? "it is gone" : "it says what it may not"));
    }
  }

  private static TakeoverMessage next(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 2 || length > MAX) {
      throw new IllegalArgumentException("a message of " + length + " bytes");
    }
    String json = new String(in.readNBytes(length), StandardCharsets.UTF_8);
    String type = JsonParser.parseString(json).getAsJsonObject().get("type").getAsString();
    Class<?> known = TYPES.get(type);
    if (known == null) {
      throw new IllegalArgumentException("an unknown message");
    }
    return GSON.fromJson(json, known.asSubclass(TakeoverMessage.class));
  }

  /** Writes one message. */
  synchronized void send(TakeoverMessage message) throws IOException {
    JsonObject object = GSON.toJsonTree(message).getAsJsonObject();
    object.addProperty("type", name(message.getClass()));
    byte[] json = GSON.toJson(object).getBytes(StandardCharsets.UTF_8);
    ByteBuffer framed = ByteBuffer.allocate(4 + json.length).putInt(json.length).put(json).flip();
    while (framed.hasRemaining()) {
      channel.write(framed);
    }
  }

  /**
   * Waits for the next message.
   *
   * @throws EOFException when the other process is gone
   * @throws IOException when it said nothing in time
   */
  TakeoverMessage next(Duration time) throws IOException, InterruptedException {
    Read next = read.poll(time.toMillis(), TimeUnit.MILLISECONDS);
    return switch (next) {
      case null -> throw new IOException("it said nothing for " + time.toSeconds() + " s");
      case Read.Said(TakeoverMessage message) -> message;
      case Read.Over(String why) -> {
        read.add(next);
        throw new EOFException(why);
      }
    };
  }

  /** Waits for the next message, for ever; null when the other process is gone. */
  @Nullable TakeoverMessage next() throws InterruptedException {
    return read.take() instanceof Read.Said(TakeoverMessage message) ? message : null;
  }

  /** Whether the other process is gone, or says what it may not; what it said before may wait. */
  boolean isOver() {
    return read.stream().anyMatch(Read.Over.class::isInstance);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException closedAlready) {
      // the descriptor is gone either way
    }
  }
}
