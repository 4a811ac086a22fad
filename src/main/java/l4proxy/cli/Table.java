package l4proxy.cli;

import java.util.List;
import java.util.stream.Stream;

/**
 * Rows for people: columns as wide as their widest cell, two spaces between. What a terminal would
 * obey is shown as a question mark.
 */
final class Table {
  private Table() {}

  /** The lines, the first with the titles. */
  static List<String> lines(List<String> titles, List<List<String>> rows) {
    int[] widths = new int[titles.size()];
    List<List<String>> all =
        Stream.concat(Stream.of(titles), rows.stream().map(Table::bare)).toList();
    all.forEach(row -> measure(row, widths));
    return all.stream().map(row -> line(row, widths)).toList();
  }

  private static List<String> bare(List<String> row) {
    return row.stream().map(cell -> cell.replaceAll("[\\p{Cntrl}\\x80-\\x9f]", "?")).toList();
  }

  private static void measure(List<String> row, int[] widths) {
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], row.get(i).length());
    }
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
    }
    return line.toString().stripTrailing();
  }
}
