package l4proxy.cli;

/** Text from outside, fit for a message. */
final class Text {
  /**
   * A join key given in the wrong place has its secret after the 48th character, and no message may
   * carry it.
   */
  private static final int MOST = 45;

  private Text() {}

  static String quoted(String text) {
    return '"' + bare(text) + '"';
  }

  static String bare(String text) {
    String shown = text.length() <= MOST ? text : text.substring(0, MOST) + "...";
    return shown.replaceAll("\\p{Cc}", "?");
  }
}
