package l4proxy.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;

/** Whom files and directories belong to. */
final class Owners {
  private Owners() {}

  /**
   * Gives what was just made the owner and the group of something else: what root makes for a
   * server that runs as another user must not be root's alone. It stays as it is where the file
   * system has no owners, or this process may not give it away.
   *
   * @param made a symbolic link is not followed
   * @param model which has the owner and the group
   */
  static void copy(Path made, Path model) {
    PosixFileAttributeView view =
        Files.getFileAttributeView(made, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (view == null) {
      return;
    }
    try {
      PosixFileAttributes own = view.readAttributes();
      PosixFileAttributes wanted = Files.readAttributes(model, PosixFileAttributes.class);
      if (!wanted.owner().equals(own.owner())) {
        view.setOwner(wanted.owner());
      }
      if (!wanted.group().equals(own.group())) {
        view.setGroup(wanted.group());
      }
    } catch (IOException refused) {
      // Only root may give files away; for others they stay their own.
    }
  }
}
