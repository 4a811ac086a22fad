import module java.base;

// The least that a relay on virtual threads can be: no tunnels, no frames, no TLS, no limits, no counts. Two of them in
// a row are the two hops of l4proxy, and what these reach is the most that l4proxy could: java Bare.java LISTEN:PORT ...
// relays from each port to the other, on loopback.

static final int BUFFER = 64 * 1024;

void main(String[] ports) throws IOException {
  for (String pair : ports) {
    int[] both = Stream.of(pair.split(":")).mapToInt(Integer::parseInt).toArray();
    var listener = new ServerSocket(both[0], 4096, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().start(() -> accept(listener, both[1]));
  }
}

static void accept(ServerSocket listener, int target) {
  while (true) {
    try {
      Socket user = listener.accept();
      Thread.startVirtualThread(() -> relay(user, target));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

static void relay(Socket user, int target) {
  try (user; var backend = new Socket(InetAddress.getLoopbackAddress(), target)) {
    user.setTcpNoDelay(true);
    backend.setTcpNoDelay(true);
    Thread back = Thread.startVirtualThread(() -> copy(backend, user));
    copy(user, backend);
    back.join();
  } catch (IOException | InterruptedException over) {
    // nothing is left to end
  }
}

static void copy(Socket from, Socket to) {
  try {
    InputStream in = from.getInputStream();
    OutputStream out = to.getOutputStream();
    byte[] buffer = new byte[BUFFER];
    for (int n; (n = in.read(buffer)) > 0; ) {
      out.write(buffer, 0, n);
    }
    to.shutdownOutput();
  } catch (IOException broken) {
    // the other direction finds it so too
  }
}
