package l4proxy.cli;

import java.lang.module.ModuleDescriptor;
import org.jspecify.annotations.Nullable;

/** Which version of the program this is. */
final class Version {
  private Version() {}

  /** The module's version; {@code 0-dev} outside an image. */
  static String text() {
    @Nullable ModuleDescriptor module = Version.class.getModule().getDescriptor();
    return module == null ? "0-dev" : module.rawVersion().orElse("0-dev");
  }
}
