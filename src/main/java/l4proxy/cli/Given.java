package l4proxy.cli;

/**
 * What was given for an option.
 *
 * @param value as text
 * @param source where it stands, for messages: {@code --drain}, {@code L4PROXY_DRAIN} or {@code
 *     "drain" in FILE}
 */
record Given(String value, String source) {
  @Override
  public String toString() {
    return source; // the value may be a secret
  }
}
