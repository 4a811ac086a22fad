package l4proxy.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import l4proxy.StateWrites;
import l4proxy.events.Event;
import l4proxy.net.HostPort;

/** The instance id of one service, found again in each round and moved to another of its names. */
public final class InstanceWrites implements StateWrites {
  private static final int NAMES = 5;

  private final Path directory;

  public InstanceWrites(Path directory) {
    this.directory = directory;
  }

  private static ServiceConfig service(int round) {
    return ServiceConfig.of("s" + Math.floorMod(round, NAMES), new HostPort("127.0.0.1", 22), 0);
  }

  @Override
  public String write(int round) throws IOException {
    AtomicReference<Event> complaint = new AtomicReference<>();
    try (Instances instances = new Instances(directory, complaint::set)) {
      Instances.Instance instance = take(instances, round);
      instance.keep();
      instance.isOf(service(round + 1)); // as when a client's file is changed
      if (complaint.get() != null) {
        throw new IOException(complaint.get().toString());
      }
      return round + "=" + instance.id();
    }
  }

  /** The id of a round has the name it was moved to, or the next one, of a round cut short. */
  @Override
  public boolean has(String written) throws IOException {
    int equals = written.indexOf('=');
    int round = Integer.parseInt(written.substring(0, equals));
    try (Instances instances = new Instances(directory, event -> {})) {
      String id = written.substring(equals + 1);
      return id.equals(take(instances, round + 1).id())
          || id.equals(take(instances, round + 2).id());
    }
  }

  private static Instances.Instance take(Instances instances, int round) {
    return instances.take("server:1", List.of(service(round))).getFirst();
  }
}
