package l4proxy.cli;

import java.util.Optional;
import l4proxy.net.HostPort;

/** What the values of options that are addresses may be; jcommander makes them. */
final class AddressValues {
  private AddressValues() {}

  /** Where to find a server. */
  static final class ServerAddress extends Values.Converter<HostPort> {
    ServerAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      HostPort address = HostPort.parse(text, Values.CONTROL_PORT);
      if (address.host().isEmpty() || address.port() == 0) {
        throw Values.expected(
            text, "the address of a server: expected host, host:port or [IPv6]:port");
      }
      return address;
    }
  }

  /** Where to listen for clients. */
  static final class ControlAddress extends Values.Converter<HostPort> {
    ControlAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      return HostPort.parse(text, Values.CONTROL_PORT);
    }
  }

  /** Where to listen for browsers. */
  static final class RedirectAddress extends Values.Converter<HostPort> {
    RedirectAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      return HostPort.parse(text, Values.REDIRECT_PORT);
    }
  }

  /** Where to listen for HTTP, if at all. */
  static final class ApiAddress extends Values.Converter<Optional<HostPort>> {
    ApiAddress(String option) {
      super(option);
    }

    @Override
    Optional<HostPort> parse(String text) {
      return text.equals("none")
          ? Optional.empty()
          : Optional.of(HostPort.parse(text, Values.API_PORT));
    }
  }

  /** A host without a port. */
  static final class Host extends Values.Converter<String> {
    Host(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      HostPort address = HostPort.parse(text, 0);
      if (address.host().isEmpty() || address.port() != 0) {
        throw Values.expected(text, "a host name or address without a port");
      }
      return address.host();
    }
  }
}
