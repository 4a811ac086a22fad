package l4proxy.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real nginx on loopback, in one process, that serves the files of {@link #root()}. */
final class Nginx implements AutoCloseable {
  private final Path root;
  private final int port = FreePorts.next();
  private final Program program;

  Nginx(Path directory) throws IOException {
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
            listen 127.0.0.1:%d;
            root root;
            add_header X-Connection $connection always;
          }
        }
        """
            .formatted(port));
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
