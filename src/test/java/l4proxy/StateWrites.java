package l4proxy;

import java.io.IOException;

/**
 * Changes to one of the state files, one after another, for {@link KilledWritersTest}, whose
 * process of another is killed while it makes them.
 */
public interface StateWrites {
  /**
   * Makes one change that no other round makes.
   *
   * @param round counts upwards, over all processes
   * @return what has to be found afterwards, in one word
   */
  String write(int round) throws IOException;

  /** Whether what a {@link #write} returned is there; reads all files anew. */
  boolean has(String written) throws IOException;
}
