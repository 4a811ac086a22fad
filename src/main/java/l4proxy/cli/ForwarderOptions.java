package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.util.Optional;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import org.jspecify.annotations.Nullable;

/** Who may use a forward proxy: the options of the commands that make one. */
final class ForwarderOptions {
  static final String ALLOW = "--allow";

  @Parameter(
      names = "--user_auth",
      placeholder = "NAME:PASSWORD",
      description =
          "what users log in to the proxy with, better in the environment, where no process list"
              + " shows it; none: nothing, and unless --allow is given everybody may use it",
      defaultValueDescription = "made up and printed, or none with --allow",
      converter = Values.UserAuth.class,
      order = 10)
  private @Nullable String userAuth;

  @Parameter(
      names = ALLOW,
      placeholder = "RANGES",
      description = "the addresses that users may come from, such as 192.0.2.0/24,2001:db8::/32",
      defaultValueDescription = "any",
      converter = Values.Ranges.class,
      order = 11)
  private @Nullable CidrList allow;

  /** What was given for --user_auth. */
  Optional<String> userAuth() {
    return Optional.ofNullable(userAuth);
  }

  /** What was given for --allow. */
  Optional<CidrList> allow() {
    return Optional.ofNullable(allow);
  }

  /** What they come to; a login is made up where nothing was given. */
  ProxyAccess access() {
    return ProxyAccess.of(userAuth(), allow());
  }
}
