package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import l4proxy.net.AcceptLoop;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * What a running server has to hand over.
 *
 * @param config what it was told to do
 * @param state its directory and keys
 * @param leases of public ports
 * @param sessions its clients
 * @param services on public ports
 * @param internals where tunnels arrive beside the control port
 * @param forwarders its own
 * @param control the listener of the control port
 * @param api the listener of the API without TLS, if there is one
 * @param predecessor which has users yet, perhaps
 */
record Estate(
    ServerConfig config,
    ServerState state,
    Leases leases,
    Sessions sessions,
    Services services,
    InternalPorts internals,
    Forwarders forwarders,
    AcceptLoop control,
    Optional<AcceptLoop> api,
    Predecessor predecessor) {

  /** A listener by its name in a {@link TakeoverMessage}; null when there is none. */
  @Nullable AcceptLoop listener(String name) {
    if (name.equals(TakeoverMessage.CONTROL)) {
      return control;
    }
    if (name.equals(TakeoverMessage.API)) {
      return api.orElse(null);
    }
    return listeners()
        .filter(each -> String.valueOf(each.port()).equals(name))
        .findFirst()
        .orElse(null);
  }

  /** Those on the host of the control port, itself not. */
  private Stream<AcceptLoop> listeners() {
    List<AcceptLoop> all = new ArrayList<>(services.listeners());
    internals.all().values().forEach(each -> all.add(each.loop()));
    all.addAll(forwarders.listeners());
    return all.stream();
  }

  /** Every listener that there still is, by its name in a {@link TakeoverMessage}. */
  Map<String, AcceptLoop> all() {
    Map<String, AcceptLoop> all = new LinkedHashMap<>();
    all.put(TakeoverMessage.CONTROL, control);
    api.ifPresent(loop -> all.put(TakeoverMessage.API, loop));
    listeners().forEach(loop -> all.put(String.valueOf(loop.port()), loop));
    return all;
  }

  /** A service was ended in another process: its users end here, and in the one before. */
  void ended(String service) {
    services.endUsers(service);
    predecessor.ended(service);
  }

  /** Where a listener is bound. */
  InetSocketAddress address(String name, AcceptLoop listener) throws IOException {
    String host =
        name.equals(TakeoverMessage.API)
            ? config.apiAddr().map(HostPort::host).orElse("")
            : config.ctlAddr().host();
    return new HostPort(host, listener.port()).resolve();
  }

  /** What another process has to know to take it over. */
  TakeoverMessage.Yes offer(String version) {
    return new TakeoverMessage.Yes(
        version,
        ProcessHandle.current().pid(),
        control.port(),
        api.flatMap(
                loop -> config.apiAddr().map(a -> new HostPort(a.host(), loop.port()).toString()))
            .orElse(null),
        listeners().map(AcceptLoop::port).toList(),
        services.usersByPort(),
        leases.all(),
        forwarders.proxies());
  }
}
