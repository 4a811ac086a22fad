import org.jspecify.annotations.NullMarked;

/** l4proxy, a TCP reverse proxy. */
@NullMarked
module l4proxy {
  requires com.google.gson;
  requires java.logging;
  requires java.management;
  requires jcommander;
  requires jdk.httpserver;
  requires jdk.management;
  requires jdk.net;
  requires jdk.unsupported;
  requires static org.jspecify;

  // options are fields that jcommander fills; records are what gson reads and writes
  opens l4proxy.cli to
      jcommander;
  opens l4proxy.api to
      com.google.gson;
  opens l4proxy.server to
      com.google.gson;
  opens l4proxy.wire to
      com.google.gson;
}
