package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> KNOWN =
      List.of("--drain", "--join", "--state_dir", "--svr_addr");

  @ParameterizedTest
  @CsvSource({
    "--drian, --drain",
    "--drai, --drain",
    "--drains, --drain",
    "--jion, --join",
    "--statedir, --state_dir",
    "--server_addr, --svr_addr"
  })
  void slipOfTheFingerIsRecognized(String given, String meant) {
    assertEquals("; did you mean " + meant + "?", Nearest.hint(given, KNOWN));
  }

  @ParameterizedTest
  @CsvSource({"--frobnicate", "--x", "''"})
  void somethingElseIsNot(String given) {
    assertEquals("", Nearest.hint(given, KNOWN));
  }
}
