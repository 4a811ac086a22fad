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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Debian package where systemd runs: installed, made services of as the tutorial says, upgraded
 * while users come and go, and removed.
 */
@Timeout(240)
final class UpgradeIT {
  private static final String SERVER = "l4proxy-server";
  private static final String CLIENT = "l4proxy-client@web";
  private static final int BACKEND = 8000; // those of the tutorial
  private static final int PORT = 8080;
  private static final int RATE = 50;
  private static final int TRANSFERS = 5;
  private static final Duration TIME = Duration.ofSeconds(120);

  @TempDir private Path directory;

  @Test
  void packageIsInstalledStartedUpgradedUnderLoadAndRemoved() throws Exception {
    Machine.missing().ifPresent(Tools::skip);
    Tools.require("nsenter");
    List<Path> packages =
        List.of(DebianPackage.made("1.0", directory), DebianPackage.made("2.0", directory));
    try (Machine machine = new Machine(Files.createDirectory(directory.resolve("machine")));
        EchoBackend backend =
            new EchoBackend(EchoBackend::echo, machine.call(() -> EchoBackend.listener(BACKEND)));
        Account account = new Account(directory.resolve("account"), machine.networkPrefix())) {
      for (Path each : packages) {
        Files.copy(each, machine.file("/tmp/" + each.getFileName()));
      }
      install(machine, "1.0");
      follow(machine);
      machine.call(() -> Users.awaitServed(PORT, TIME));
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
      assertEquals(
          "",
          machine
              .run("find", "/usr", "/etc", "/run", "/var/lib", "-xdev", "-name", "*l4proxy*")
              .strip());
    }
  }

  private static void install(Machine machine, String version)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    in(machine, "dpkg", "-i", "/tmp/l4proxy_" + version + ".deb");
    Figures.print("dpkg -i of version " + version, System.nanoTime() - began);
    String status = machine.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "l4proxy");
    assertEquals(version + " install ok installed", status.strip());
  }

  /** What the tutorial has for systemd, in its order, typed by root on one machine. */
  private static void follow(Machine machine) throws IOException, InterruptedException {
    Files.writeString(machine.file("/etc/hosts"), "127.0.0.1 localhost example.org\n");
    Files.writeString(machine.file("/usr/bin/sudo"), "#!/bin/sh\nexec env \"$@\"\n");
    machine.run("chmod", "755", "/usr/bin/sudo");
    String key = "";
    for (DocPage.Block block : DocPage.read(DocPage.DIRECTORY.resolve("tutorial.md")).blocks()) {
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
