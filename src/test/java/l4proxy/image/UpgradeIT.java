package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import l4proxy.DocPage;
import l4proxy.EchoBackend;
import l4proxy.lab.Machine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Debian package where systemd runs: installed and made services of as the tutorial and README
 * say, upgraded while users come and go, and removed.
 */
@Tag("beside")
@Timeout(240)
final class UpgradeIT {
  private static final String SERVER = "l4proxy-server";
  private static final String CLIENT = "l4proxy-client@web";
  private static final Path TUTORIAL = DocPage.DIRECTORY.resolve("tutorial.md");
  private static final int BACKEND = 8000; // those of the tutorial
  private static final int PORT = 8080;
  private static final String OFFICE = "l4proxy-client@office"; // of README
  private static final int OFFICE_PORT = 8081;

  /** Of the program's files; an engine of the machine's own may have images of it. */
  private static final String LEFT =
      "find /usr /etc /run /var/lib -xdev -path /var/lib/containers -prune -o -name '*l4proxy*'"
          + " -print";

  private static final int RATE = 50;
  private static final int TRANSFERS = 5;
  private static final Duration TIME = Duration.ofSeconds(120);

  @TempDir private Path directory;

  @Test
  void packageIsInstalledStartedUpgradedUnderLoadAndRemoved() throws Exception {
    Machine.missing().ifPresent(Tools::skip);
    Tools.require("nsenter");
    Path before = made();
    Path next = DebianPackage.made("2.0", directory);
    try (Machine machine = new Machine(Files.createDirectory(directory.resolve("machine")));
        EchoBackend backend =
            new EchoBackend(EchoBackend::echo, machine.call(() -> EchoBackend.listener(BACKEND)));
        Account account = new Account(directory.resolve("account"), machine.networkPrefix())) {
      for (Path each : List.of(before, next)) {
        Files.copy(each, machine.file("/tmp/" + each.getFileName()));
      }
      follow(machine, TUTORIAL);
      isInstalled(machine, "0.1.0");
      machine.call(() -> Users.awaitServed(PORT, TIME));
      machine.run("cp", "/etc/l4proxy/web.env", "/etc/l4proxy/office.env");
      machine.run("cp", "/etc/l4proxy/web.json", "/etc/l4proxy/office.json");
      machine.run(
          "sed",
          "-i",
          "s/web/office/; s/" + PORT + "/" + OFFICE_PORT + "/",
          "/etc/l4proxy/office.json");
      follow(machine, Path.of("README.md"));
      machine.call(() -> Users.awaitServed(OFFICE_PORT, TIME));
      machine.run("systemctl", "disable", "--now", OFFICE);
      String server = main(machine, SERVER);
      String client = main(machine, CLIENT);

      Path end = directory.resolve("end");
      Program crowd =
          account.start(
              Map.of(),
              Crowd.command("users", "" + PORT, "" + RATE, "1", "" + TRANSFERS, end.toString()));
      machine.call(() -> Users.awaitServed(PORT, TIME));
      install(machine, "2.0");
      for (String each : List.of(SERVER, CLIENT)) {
        assertEquals("active", machine.run("systemctl", "is-active", each).strip());
      }
      assertNotEquals(server, main(machine, SERVER));
      assertNotEquals(client, main(machine, CLIENT));
      Files.createFile(end);
      String said = crowd.await(crowd.out(), "^users=", 0, TIME).text();
      System.out.println("FIGURE: upgrade of the package: " + said);
      assertTrue(
          said.contains(" refused=0 transfers=" + TRANSFERS + " cut=0 "),
          () -> crowd.said() + journal(machine));
      await().atMost(TIME).until(() -> isAlone(machine, SERVER) && isAlone(machine, CLIENT));

      for (String each : List.of(SERVER, CLIENT)) {
        String now = main(machine, each);
        machine.run("kill", "-KILL", now);
        await().atMost(TIME).until(() -> !List.of("0", now).contains(main(machine, each)));
      }
      machine.call(() -> Users.awaitServed(PORT, TIME));

      machine.run("dpkg", "--purge", "l4proxy");
      assertEquals("", machine.run("sh", "-c", "pgrep -x java || true").strip());
      assertEquals("", machine.run("sh", "-c", LEFT).strip());
    }
  }

  /** A package, made by what the tutorial has for that, where the sources are. */
  private Path made() throws IOException, InterruptedException {
    Tools.require("dpkg-deb");
    Path here = Files.createDirectory(directory.resolve("sources"));
    Files.createSymbolicLink(here.resolve("jlink"), Path.of("jlink").toAbsolutePath());
    Files.createSymbolicLink(here.resolve("target"), Account.image().getParent());
    for (DocPage.Block block : DocPage.read(TUTORIAL).blocks()) {
      if (block.where().equals(DocPage.SOURCES)) {
        Program.run(here, TIME, "sh", "-ec", String.join("\n", block.commands()));
      }
    }
    return here.resolve("l4proxy.deb");
  }

  private static void install(Machine machine, String version)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    in(machine, "dpkg", "-i", "/tmp/l4proxy_" + version + ".deb");
    Figures.print("dpkg -i of version " + version, System.nanoTime() - began);
    isInstalled(machine, version);
  }

  private static void isInstalled(Machine machine, String version)
      throws IOException, InterruptedException {
    String status = machine.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "l4proxy");
    assertEquals(version + " install ok installed", status.strip());
  }

  /** What a page has for systemd, in its order, typed by root on one machine. */
  private static void follow(Machine machine, Path page) throws IOException, InterruptedException {
    Files.writeString(machine.file("/etc/hosts"), "127.0.0.1 localhost example.org\n");
    Files.writeString(machine.file("/usr/bin/sudo"), "#!/bin/sh\nexec env \"$@\"\n");
    machine.run("chmod", "755", "/usr/bin/sudo");
    String key = "";
    for (DocPage.Block block : DocPage.read(page).blocks()) {
      if (block.where().equals(DocPage.SERVICES)) {
        Files.writeString(machine.file("/tmp/stdin"), "L4PROXY_JOIN=" + key + "\n");
        String typed = "cd /tmp; exec < stdin\n" + String.join("\n", block.commands());
        String printed = in(machine, "sh", "-ec", typed);
        for (String line : block.printed()) {
          assertTrue(printed.contains(line), printed);
        }
        key = printed.lines().filter(line -> line.startsWith("l4p1_")).findFirst().orElse(key);
      }
    }
  }

  private static String in(Machine machine, String... command)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(machine.prefix());
    all.addAll(List.of("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"));
    all.addAll(List.of(command));
    return Program.run(Path.of("/"), TIME, all.toArray(String[]::new));
  }

  private static String journal(Machine machine) {
    try {
      return machine.run("journalctl", "--no-pager", "-o", "short-precise", "-u", "l4proxy-*");
    } catch (IOException | InterruptedException e) {
      return e.toString();
    }
  }

  private static String main(Machine machine, String unit)
      throws IOException, InterruptedException {
    return machine.run("systemctl", "show", "--value", "--property=MainPID", unit).strip();
  }

  /** Whether the main process is the only one: the one before has ended. */
  private static boolean isAlone(Machine machine, String unit)
      throws IOException, InterruptedException {
    String group = machine.run("systemctl", "show", "--value", "--property=ControlGroup", unit);
    String all = Files.readString(machine.file("/sys/fs/cgroup" + group.strip() + "/cgroup.procs"));
    return all.lines().count() == 1;
  }
}
