package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/** How a command prints the list of what a server has. */
final class OutputOptions {
  @Parameter(
      names = {"-o", "--output"},
      placeholder = "FORMAT",
      description = "table, or json: what the API returns; -o for short",
      defaultValueDescription = "table",
      converter = Values.Output.class,
      order = 30)
  private String output = "table";

  /**
   * Prints a list.
   *
   * @param whole as the API returns it
   * @param field what the list is called
   * @param titles of the table
   * @param row makes an entry a row of the table
   */
  void print(
      Shell shell,
      JsonObject whole,
      String field,
      List<String> titles,
      Function<JsonElement, List<String>> row)
      throws FailedException {
    if (output.equals(Values.Output.JSON)) {
      shell.print(whole.toString());
      return;
    }
    List<List<String>> rows =
        StreamSupport.stream(whole.getAsJsonArray(field).spliterator(), false).map(row).toList();
    for (String line : Table.lines(titles, rows)) {
      shell.print(line);
    }
  }
}
