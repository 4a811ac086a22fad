package l4proxy.image;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import l4proxy.EchoBackend;
import l4proxy.lab.Namespace;

/**
 * What pages find on their readers' machines: on the client's a real sshd at port 22, a web server
 * at 80, and at 5432 as much of PostgreSQL as answers whether it speaks TLS; on the user's ssh and
 * scp with a key, and a psql that asks just that. {@link #close()} ends the servers.
 */
final class Surroundings implements AutoCloseable {
  private static final int WEB = 80;
  private static final int DATABASE = 5432;
  private static final int TLS_WANTED = 80_877_103; // SSLRequest of PostgreSQL's protocol
  private static final String PSQL =
      """
      #!/usr/bin/env python3
      import socket, struct, sys
      [text] = sys.argv[1:]
      given = dict(word.split("=") for word in text.split())
      if set(given) != {"host", "port", "user", "dbname", "sslmode"} or given["sslmode"] != "require":
          sys.exit("what is " + text + "?")
      with socket.create_connection((given["host"], int(given["port"])), 20) as server:
          server.settimeout(20)
          server.sendall(struct.pack("!ii", 8, %d))
          sys.exit(server.recv(1) != b"S")
      """
          .formatted(TLS_WANTED);

  private final Path programs;
  private final Sshd sshd;
  private final List<EchoBackend> backends = new ArrayList<>();

  /**
   * Starts them.
   *
   * @param client the client's machine
   * @param home of the user, on whose machine the user's programs are
   */
  Surroundings(Path directory, Namespace client, Path home)
      throws IOException, InterruptedException {
    Tools.require("curl");
    Tools.require("python3");
    programs = Files.createDirectories(directory.resolve("programs"));
    sshd = new Sshd(Files.createDirectories(directory.resolve("sshd")), client.prefix(), 22);
    try {
      Path configuration = Files.createDirectories(home.resolve(".ssh")).resolve("config");
      Files.writeString(configuration, sshd.configuration());
      for (String each : List.of("ssh", "scp")) {
        program(
            each,
            "#!/bin/sh\nexec %s -F \"$HOME/.ssh/config\" \"$@\"\n".formatted(Tools.require(each)));
      }
      program("psql", PSQL);
      backend(client, WEB, Surroundings::page);
      backend(client, DATABASE, Surroundings::tls);
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void program(String name, String text) throws IOException {
    Path file = Files.writeString(programs.resolve(name), text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  private void backend(Namespace machine, int port, EchoBackend.Service service)
      throws IOException, InterruptedException {
    backends.add(new EchoBackend(service, machine.call(() -> EchoBackend.listener(port))));
  }

  private static void page(Socket socket) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    String line = in.readLine();
    while (line != null && !line.isEmpty()) {
      line = in.readLine();
    }
    String answer = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nHello\n";
    socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
  }

  private static void tls(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    if (in.readInt() == 2 * Integer.BYTES && in.readInt() == TLS_WANTED) {
      socket.getOutputStream().write('S');
      in.read();
    }
  }

  /** Where shells look for programs: these first. */
  String path() {
    return Account.path(programs);
  }

  @Override
  public void close() {
    backends.forEach(EchoBackend::close);
    sshd.close();
  }
}
