package l4proxy.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real nginx on loopback, in one process, that serves the files of {@link #root()}. */
final class Nginx implements AutoCloseable {
  private static final String LISTEN = "listen 127.0.0.1:%d;";

  private final Path root;
  private final int port;
  private final Program program;

  Nginx(Path directory) throws IOException {
    this(directory, FreePorts.next(), LISTEN, "add_header X-Connection $connection always;");
  }

  /** One that listens in a way of its own, with what else its server block says. */
  static Nginx configured(Path directory, String listen, String more) throws IOException {
    return new Nginx(directory, FreePorts.next(), listen, more);
  }

  /** One that listens where another did, and serves the files that one served. */
  static Nginx at(Path directory, int port) throws IOException {
    return new Nginx(directory, port, LISTEN, "");
  }

  private Nginx(Path directory, int port, String listen, String more) throws IOException {
    this.port = port;
    String nginx = Tools.require("nginx");
    root = Files.createDirectories(directory.resolve("root"));
    Files.createDirectories(directory.resolve("temp"));
    Path conf = directory.resolve("nginx.conf");
    Files.writeString(
        conf,
        """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path temp;
          proxy_temp_path temp;
          fastcgi_temp_path temp;
          uwsgi_temp_path temp;
          scgi_temp_path temp;
          sendfile on;
          server {
            %s
            root root;
            %s
          }
        }
        """
            .formatted(listen.formatted(port), more));
    program =
        Program.start(
            directory, nginx, "-p", directory.toString(), "-c", conf.toString(), "-e", "stderr");
    try {
      Tcp.awaitListening(port, program);
    } catch (AssertionError e) {
      program.close();
      throw e;
    }
  }

  Path root() {
    return root;
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    program.close();
  }
}
