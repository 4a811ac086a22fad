package l4proxy.image;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A person's account on this machine, with nothing of the real one's: home, credentials, state,
 * working directory, and a free port to run a server on. {@link #close()} ends what was started in
 * it, and checks that no log and no state file has a secret of it.
 */
final class Account implements AutoCloseable {
  /** Public ports that servers draw from: see {@link FreePorts}. */
  static final String PUBLIC_PORTS = "10000-24999";

  /**
   * Whether tests run beside each other and measure nothing. Their programs live for seconds: half
   * of the processor time would go into compiling what is never run again.
   */
  private static final boolean SHORT_LIVED = Boolean.getBoolean("l4proxy.beside");

  private static final Pattern KEY = Pattern.compile("l4p1_[A-Za-z0-9_-]{86}");
  private static final Pattern ADDRESS = Pattern.compile("PUBLIC ADDRESS: (\\S+):([0-9]+)");

  private final Path directory;
  private final List<String> starter;
  private final int controlPort = FreePorts.next();
  private final List<Program> programs = new CopyOnWriteArrayList<>();

  Account(Path directory) throws IOException {
    this(directory, List.of());
  }

  /**
   * An account whose programs are started by another, in a network of their own say.
   *
   * @param starter with its arguments; the program's are put behind
   */
  Account(Path directory, List<String> starter) throws IOException {
    this.directory = directory;
    this.starter = starter;
    for (String each : List.of("home", "config", "work")) {
      Files.createDirectories(directory.resolve(each));
    }
  }

  /** The image that is tested. */
  static Path image() {
    String image = System.getProperty("l4proxy.image");
    if (image == null) {
      throw new AssertionError("-Dl4proxy.image=DIRECTORY says which image to test");
    }
    return Path.of(image).toAbsolutePath();
  }

  static String launcher() {
    return image().resolve("bin/l4proxy").toString();
  }

  /** Runs the program with these words. */
  Program l4proxy(String... words) throws IOException {
    return l4proxy(Map.of(), words);
  }

  Program l4proxy(Map<String, String> more, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher()));
    command.addAll(Arrays.asList(words));
    return start(more, command);
  }

  /** Runs any program in this account. */
  Program start(Map<String, String> more, List<String> command) throws IOException {
    Map<String, String> all = environment();
    all.putAll(more);
    List<String> whole = new ArrayList<>(starter);
    whole.addAll(command);
    Program program = Program.start(directory.resolve("work"), all, whole);
    programs.add(program);
    return program;
  }

  /** Where shells look for programs: in these directories first, then in the image. */
  static String path(Path... first) {
    return Stream.concat(
            Stream.concat(Stream.of(first), Stream.of(image().resolve("bin"))).map(Path::toString),
            Stream.of(System.getenv("PATH")))
        .collect(Collectors.joining(":"));
  }

  private Map<String, String> environment() {
    Map<String, String> all = new HashMap<>();
    all.put("PATH", path());
    all.put("HOME", directory.resolve("home").toString());
    all.put("XDG_CONFIG_HOME", directory.resolve("config").toString());
    all.put("L4PROXY_STATE_DIR", state().toString());
    if (SHORT_LIVED) {
      all.put("L4PROXY_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
    }
    return all;
  }

  /** A server of this account on its control port, ready. */
  Program server(String... words) throws IOException, InterruptedException {
    if (!List.of(words).contains("--state_dir")) {
      identify();
    }
    Program server = startServer(words);
    server.awaitErr(" ready; l4proxy ");
    return server;
  }

  /** Its server need not make an identity when it starts. */
  void identify() throws IOException {
    Identities.give(state());
  }

  /** The same, on its way, and with an identity of its own making. */
  Program startServer(String... words) throws IOException {
    List<String> all = new ArrayList<>(List.of("server"));
    if (!List.of(words).contains("--ctl_addr")) {
      all.addAll(List.of("--ctl_addr", "127.0.0.1:" + controlPort, "--host", "127.0.0.1"));
    }
    if (!List.of(words).contains("--api_addr")) {
      all.addAll(List.of("--api_addr", "none"));
    }
    if (!List.of(words).contains("--ports")) {
      all.addAll(List.of("--ports", PUBLIC_PORTS));
    }
    all.addAll(Arrays.asList(words));
    return l4proxy(all.toArray(String[]::new));
  }

  /** A client that exposes a port of this machine on this account's server. */
  Program client(int backend, String... words) throws IOException {
    return client(Map.of(), backend, words);
  }

  Program client(Map<String, String> more, int backend, String... words) throws IOException {
    return clientOf(control(), more, backend, words);
  }

  /** A client in this account of a server elsewhere. */
  Program clientOf(String server, Map<String, String> more, int backend, String... words)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("client", "--svr_addr", server));
    all.addAll(Arrays.asList(words));
    all.addAll(List.of("127.0.0.1", String.valueOf(backend)));
    return l4proxy(more, all.toArray(String[]::new));
  }

  /** Where a client says that its service is reachable. */
  static int publicPort(Program client) throws InterruptedException {
    String line = client.awaitOut("^PUBLIC ADDRESS: ").text();
    Matcher matcher = ADDRESS.matcher(line);
    if (!matcher.matches()) {
      throw new AssertionError("not the line of the contract: " + line);
    }
    return Integer.parseInt(matcher.group(2));
  }

  /** A new key of this account's server, which runs. */
  String key(String name, String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("key", "create", name, "--svr_addr", control()));
    all.addAll(Arrays.asList(words));
    return only(l4proxy(all.toArray(String[]::new)));
  }

  /** A new key, made in the state directory of a server that does not run. */
  String keyOfStopped(String name, String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("key", "create", name));
    all.addAll(List.of("--state_dir", state().toString()));
    all.addAll(Arrays.asList(words));
    return only(l4proxy(all.toArray(String[]::new)));
  }

  /** The one line that a command prints. */
  static String only(Program command) throws InterruptedException {
    if (command.exit() != 0 || command.out().all().size() != 1) {
      throw new AssertionError("expected exit code 0 and one line" + command.said());
    }
    return command.out().all().getFirst();
  }

  /** The server's address. */
  String control() {
    return "127.0.0.1:" + controlPort;
  }

  int controlPort() {
    return controlPort;
  }

  /** Where its server and clients keep their state. */
  Path state() {
    return directory.resolve("state");
  }

  Path home() {
    return directory.resolve("home");
  }

  Path credentials() {
    return directory.resolve("config/l4proxy/credentials.json");
  }

  /** Has a key in the credentials file, as if the server had accepted it before. */
  void remember(String key) throws IOException {
    Files.createDirectories(credentials().getParent());
    Files.writeString(credentials(), "{\"" + control() + "\": {\"key\": \"" + key + "\"}}\n");
  }

  /** Every file of state and credentials, with what is in it; what is only locked is neither. */
  Map<String, String> files() throws IOException {
    Map<String, String> all = new TreeMap<>();
    for (Path root : List.of(state(), directory.resolve("config"))) {
      if (Files.exists(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          for (Path each : files.filter(file -> !file.toString().endsWith("lock")).toList()) {
            all.put(
                directory.relativize(each).toString(),
                Files.isRegularFile(each) ? Content.sha256(each) : "directory");
          }
        }
      }
    }
    return all;
  }

  /** The key of its credentials file for its own server. */
  String rememberedKey() throws IOException {
    return rememberedKey(control());
  }

  /** The key of its credentials file for a server. */
  String rememberedKey(String server) throws IOException {
    return JsonParser.parseString(Files.readString(credentials()))
        .getAsJsonObject()
        .getAsJsonObject(server)
        .get("key")
        .getAsString();
  }

  /** All keys that programs of this account printed. */
  List<String> keys() {
    return programs.stream()
        .flatMap(program -> KEY.matcher(program.out().text()).results())
        .map(result -> result.group())
        .distinct()
        .toList();
  }

  /** What was started in this account. */
  List<Program> programs() {
    return List.copyOf(programs);
  }

  @Override
  public void close() throws IOException {
    programs.reversed().forEach(Program::close);
    for (String key : keys()) {
      for (String form : Secrets.forms(key)) {
        for (Program program : programs) {
          if (program.err().text().contains(form)) {
            throw new AssertionError("a secret is in a log" + program.said());
          }
        }
        Secrets.absentFrom(state(), form);
      }
    }
  }
}
