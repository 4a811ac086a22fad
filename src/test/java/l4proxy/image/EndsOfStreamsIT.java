package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An end of a stream is one, and what breaks off never looks like one. */
@Tag("beside")
@Timeout(150)
final class EndsOfStreamsIT {
  private static final int ANSWER = 3_000_017;
  private static final long ENDLESS = Long.MAX_VALUE;

  @TempDir private Path directory;

  /** Reads the question to its end, and only then answers at length. */
  private static void answer(Socket socket) throws IOException {
    String question = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    if (question.equals("x")) {
      Content.write(socket.getOutputStream(), ANSWER);
    }
  }

  @Test
  void answerComesWholeAfterTheUsersEnd() throws IOException, InterruptedException {
    String nc = Tools.require("nc");
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend(EndsOfStreamsIT::answer)) {
      account.server();
      int port = Account.publicPort(account.client(backend.port()));
      Program.run(
          directory,
          Duration.ofSeconds(20),
          "sh",
          "-c",
          "printf x | " + nc + " -N 127.0.0.1 " + port + " > answer");
      Path answer = directory.resolve("answer");
      assertEquals(ANSWER, Files.size(answer));
      Content.check(Files.readAllBytes(answer), ANSWER, 0);
    }
  }

  @Test
  void killedClientIsAResetInTheMiddleOfADownload() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), ENDLESS))) {
      account.server();
      Program client = account.client(backend.port());
      try (Socket user = Users.connect(Account.publicPort(client))) {
        long read = Content.read(user.getInputStream(), 0, 20_000_000);
        client.kill();
        Users.isReset(user, read);
      }
    }
  }

  @Test
  void killedServerIsAResetInTheMiddleOfADownload() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), ENDLESS))) {
      Program server = account.server();
      Program client = account.client(backend.port());
      try (Socket user = Users.connect(Account.publicPort(client))) {
        long read = Content.read(user.getInputStream(), 0, 20_000_000);
        server.kill();
        Users.isReset(user, read);
      }
    }
  }

  @Test
  void killedClientIsAResetForTheBackendInTheMiddleOfAnUpload() throws Exception {
    CompletableFuture<String> seen = new CompletableFuture<>();
    EchoBackend.Service upload =
        socket -> {
          try {
            socket.getInputStream().readNBytes(1_000_000);
            socket.getOutputStream().write('.');
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            seen.complete("a clean end");
          } catch (IOException e) {
            seen.complete("a reset");
          }
        };
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend(upload)) {
      account.server();
      Program client = account.client(backend.port());
      try (Socket user = Users.connect(Account.publicPort(client))) {
        user.getOutputStream().write(new byte[1_000_000]);
        assertEquals('.', user.getInputStream().read());
        client.kill();
        assertEquals("a reset", seen.get(20, TimeUnit.SECONDS));
      }
    }
  }
}
