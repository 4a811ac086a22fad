package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import l4proxy.net.HostPort;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnHostTest {
  @ParameterizedTest
  @CsvSource({
    ", web, web:22",
    ", web.example.org, web.example.org:22",
    "198.51.100.7, web, 198.51.100.7:22",
    ", 101, 127.0.0.1:22",
    ", web.7, 127.0.0.1:22",
    ", a b, 127.0.0.1:22",
    ", '', 127.0.0.1:22",
    "198.51.100.7, 101, 198.51.100.7:22",
    ", , 127.0.0.1:22"
  })
  void machineIsShownByWhatCanBeWrittenAsAHost(String address, String name, String shown) {
    String host = OwnHost.of(Optional.ofNullable(address), () -> Optional.ofNullable(name));
    assertEquals(shown, new HostPort(host, 22).toString());
  }
}
