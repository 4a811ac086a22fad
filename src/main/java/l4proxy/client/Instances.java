package l4proxy.client;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import l4proxy.auth.PrivateFiles;
import l4proxy.auth.WholeFile;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/**
 * The instance ids of a client process, one for each server and service: 128 random bits by which
 * the server knows a client that comes back.
 *
 * <p>Each is kept in a file of the state directory, once the server has accepted the service, and a
 * file of the same name with {@code .lock} behind it is locked while the id is in use: a process
 * started again has the same ids, and a second one at the same time has others. Where nothing can
 * be kept, an id lasts as long as the process. Safe from any thread; {@link #close()} gives the ids
 * back.
 */
final class Instances implements AutoCloseable {
  /** How many processes may expose the same service of one machine and still be known again. */
  private static final int SLOTS = 100;

  /**
   * So long the one process that usually has the id may take to let go of it, being stopped: as
   * long as users wait.
   */
  private static final Duration LEAVING = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofMillis(20);

  private static final int BYTES = 16;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{22}");

  private final Path directory;
  private final Events events;
  private final SecureRandom random = new SecureRandom();
  private final Map<Path, FileChannel> held = new HashMap<>();
  private boolean closed;

  Instances(Path stateDir, Events events) {
    this.directory = stateDir.resolve("instances");
    this.events = events;
  }

  /** The id of one service. */
  final class Instance {
    private final String server;
    private final String id;
    private String stem;
    private boolean kept;
    private @Nullable Path file;

    private Instance(String server, String stem, String id, @Nullable Path file) {
      this.server = server;
      this.stem = stem;
      this.id = id;
      this.file = file;
      this.kept = file != null;
    }

    String id() {
      return id;
    }

    /** The server accepted the service: its id is worth keeping, and nothing was written before. */
    void keep() {
      synchronized (Instances.this) {
        if (!kept) {
          kept = true;
          file = write(stem, id);
        }
      }
    }

    /** The service is another from now on, and this its id. */
    void isOf(ServiceConfig now) {
      synchronized (Instances.this) {
        Path before = file;
        String next = stem(server, now);
        if (next.equals(stem)) {
          return;
        }
        stem = next;
        if (kept) {
          file = write(stem, id);
          forget(before);
          giveUp(before);
        }
      }
    }

    /** Another process may have it. */
    void release() {
      synchronized (Instances.this) {
        giveUp(file);
        file = null;
      }
    }
  }

  /**
   * The ids for services of a server, in their order: each one that was kept and that no other
   * process has, else a new one. For all of them together another process is waited for once.
   */
  List<Instance> take(String server, List<ServiceConfig> services) {
    long end = System.nanoTime() + LEAVING.toNanos();
    return services.stream().map(service -> take(server, service, end)).toList();
  }

  private synchronized Instance take(String server, ServiceConfig service, long end) {
    String stem = stem(server, service);
    try {
      for (int slot = 0; slot < SLOTS && Files.exists(file(stem, slot)); slot++) {
        String id = read(file(stem, slot), slot == 0 ? end : 0);
        if (id != null) {
          return new Instance(server, stem, id, file(stem, slot));
        }
      }
    } catch (IOException e) {
      complain(e);
    }
    return new Instance(server, stem, draw(), null);
  }

  private static String stem(String server, ServiceConfig service) {
    return digest(
        String.join(
            "\n",
            server,
            service.name(),
            service.backend().toString(),
            Integer.toString(service.publicPort())));
  }

  /** Where an id is kept from now on; null when it cannot be. */
  private synchronized @Nullable Path write(String stem, String id) {
    if (closed) {
      return null;
    }
    try {
      PrivateFiles.createDirectories(directory);
      for (int slot = 0; slot < SLOTS; slot++) {
        if (write(file(stem, slot), id)) {
          return file(stem, slot);
        }
      }
    } catch (IOException e) {
      complain(e);
    }
    return null;
  }

  private void giveUp(@Nullable Path file) {
    FileChannel channel = file == null ? null : held.remove(file);
    if (channel != null) {
      close(channel);
    }
  }

  /** While it is held: else another process has taken the id, or might. */
  private void forget(@Nullable Path file) {
    try {
      if (file != null && !closed) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      complain(e);
    }
  }

  private void complain(IOException e) {
    events.happened(
        new Event.Warned(
            "this client will not be known again after a restart, because its id cannot be kept ("
                + e.getMessage()
                + "): give a --state_dir that can be written"));
  }

  /**
   * Locks a file and reads its id; null when another process has it until then, or when it holds
   * none.
   */
  private synchronized @Nullable String read(Path file, long end) throws IOException {
    FileChannel lock = lock(file);
    try {
      while (lock == null && !closed && !held.containsKey(file) && end - System.nanoTime() > 0) {
        wait(LOOK.toMillis()); // what is said of other ids meanwhile is heard
        lock = lock(file);
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
    if (lock == null) {
      return null;
    }
    String id = "";
    try {
      id = new WholeFile(file).read().orElse("").trim();
    } finally {
      if (ID.matcher(id).matches()) {
        held.put(file, lock);
      } else {
        lock.close();
      }
    }
    return held.containsKey(file) ? id : null;
  }

  /**
   * Locks a file and writes an id to it, whole or not at all; false when another process has it.
   */
  private boolean write(Path file, String id) throws IOException {
    boolean usedBefore = Files.exists(lockFile(file));
    FileChannel lock = lock(file);
    if (lock == null) {
      return false;
    }
    held.put(file, lock);
    WholeFile whole = new WholeFile(file);
    if (usedBefore) {
      whole.removeLeftovers();
    }
    whole.write(id + "\n");
    return true;
  }

  private @Nullable FileChannel lock(Path file) throws IOException {
    if (closed || held.containsKey(file)) {
      return null; // to open and close its lock once more would give it up
    }
    FileChannel channel = PrivateFiles.openLockFile(lockFile(file));
    boolean locked = false;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException thisProcessHasIt) {
      // it stays unlocked for this one
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    return locked ? channel : null;
  }

  private static Path lockFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".lock");
  }

  private Path file(String stem, int slot) {
    return directory.resolve(stem + "-" + slot);
  }

  /** 128 random bits as text. */
  String draw() {
    byte[] bits = new byte[BYTES];
    random.nextBytes(bits);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    held.values().forEach(Instances::close);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException closedAlready) {
      // the lock is gone either way
    }
  }
}
