package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CommandTreeTest {
  private static final CommandTree TREE = new CommandTree();

  static Stream<Arguments> valuesOfOptions() {
    return TREE.places().stream()
        .flatMap(place ->
            place.options().stream()
                .flatMap(option ->
                    option.values().stream()
                        .map(value -> Arguments.of(place.words(), option.name(), value))));
  }

  @ParameterizedTest
  @MethodSource("valuesOfOptions")
  void everyValueOfferedIsTaken(String words, String option, String value) throws Exception {
    Command command = Commands.find(List.of(words.split(" "))).create();
    Binding binding = new Binding(command, new Options(command));
    assertDoesNotThrow(() -> binding.fill(List.of(option, value), Map.of()));
  }

  @Test
  void optionsWithAFewValuesOfferThem() {
    assertEquals(
        List.of("--output", "--balance", "--proxy_protocol"),
        TREE.withValue().stream()
            .filter(option -> option.behind() == CommandTree.Behind.ONE_OF)
            .map(CommandTree.Choice::name)
            .toList());
  }

  @Test
  void helpIsOfferedEverywhereByBothItsNames() {
    List<CommandTree.Place> commands =
        TREE.places().stream().filter(place -> !place.options().isEmpty()).toList();
    assertTrue(commands.size() > Commands.ALL.size(), "all commands, and none");
    for (CommandTree.Place place : commands) {
      assertTrue(
          place.options().stream().anyMatch(each -> each.names().equals(List.of("-h", "--help"))),
          place.words());
    }
  }

  /** Scripts tell what stands behind an option by its name alone. */
  @Test
  void anOptionHasTheSameBehindItInEveryCommand() {
    TREE.withValue()
        .forEach(known ->
            assertEquals(
                List.of(known.behind()),
                TREE.places().stream()
                    .flatMap(place -> place.options().stream())
                    .filter(option -> option.name().equals(known.name()))
                    .map(CommandTree.Choice::behind)
                    .distinct()
                    .toList(),
                known.name()));
  }
}
