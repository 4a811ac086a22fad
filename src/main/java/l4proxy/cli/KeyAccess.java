package l4proxy.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import l4proxy.auth.Grant;
import l4proxy.client.RefusedException;

/** The keys of a server, by whatever way. */
interface KeyAccess extends AutoCloseable {
  /**
   * A key to be made.
   *
   * @param name it gets
   * @param grant what it is good for
   */
  record Wanted(String name, Grant grant) {}

  /** Makes a key; returns its text, the secret. */
  String create(Wanted wanted)
      throws UsageException, FailedException, RefusedException, IOException;

  /** All keys, as the API returns them. */
  JsonObject list() throws UsageException, FailedException, RefusedException, IOException;

  /** Revokes a key. */
  void revoke(String name) throws UsageException, FailedException, RefusedException, IOException;

  @Override
  void close();
}
