package l4proxy.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A network namespace that has nothing but loopback; {@link #close()} removes it. */
final class OwnNetwork implements AutoCloseable {
  private final String ip;
  private final String name;

  private OwnNetwork(String ip, String name) {
    this.ip = ip;
    this.name = name;
  }

  /** Makes one; the test is skipped, and the reason printed, where that is not possible. */
  static OwnNetwork make() throws IOException, InterruptedException {
    String ip = Tools.require("ip");
    String name = "l4proxy-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    if (run(List.of(ip, "netns", "add", name)) != 0) {
      Tools.skip("this user may make no network namespaces");
    }
    OwnNetwork made = new OwnNetwork(ip, name);
    boolean up = false;
    try {
      if (run(made.within(ip, "link", "set", "lo", "up")) != 0) {
        throw new IOException("loopback of " + name + " does not come up");
      }
      up = true;
      return made;
    } finally {
      if (!up) {
        made.close();
      }
    }
  }

  /** Sets one of the kernel's values in it; whether there is such a one. */
  boolean set(String key, String value) throws IOException, InterruptedException {
    String file = Path.of("/proc/sys", key.replace('.', '/')).toString();
    return run(within("/bin/sh", "-c", "echo " + value + " > " + file)) == 0;
  }

  /** The command line that runs a program in it, as the same process. */
  List<String> within(String... command) {
    List<String> all = new ArrayList<>(List.of(ip, "netns", "exec", name));
    all.addAll(List.of(command));
    return all;
  }

  private static int run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    process.getInputStream().readAllBytes();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(String.join(" ", command) + " does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() throws IOException {
    try {
      run(List.of(ip, "netns", "del", name));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
