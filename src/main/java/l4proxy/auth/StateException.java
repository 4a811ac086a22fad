package l4proxy.auth;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file or directory that l4proxy keeps things in cannot be used. The message is for a person: one
 * sentence with the path, what is wrong, and what to do. It never quotes the file.
 */
public final class StateException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Whether it helps to try again. */
  private final boolean passing;

  /**
   * Says what is wrong.
   *
   * @param message path, fault and remedy
   */
  public StateException(String message) {
    this(message, null);
  }

  /**
   * Says what is wrong, and keeps what the operating system said.
   *
   * @param message path, fault and remedy
   * @param cause the failure; its text must hold no secret
   */
  public StateException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StateException(String message, @Nullable Throwable cause, boolean passing) {
    super(message, cause);
    this.passing = passing;
  }

  /** Nothing is wrong, but another process of the server is to write just now. */
  static StateException notNow(String message) {
    return new StateException(message, null, true);
  }

  /**
   * Whether it helps to try again in a few seconds.
   *
   * @return true while one process of the server takes the other over
   */
  public boolean isPassing() {
    return passing;
  }

  /**
   * The file was read but makes no sense. There is no cause: the text of a parser's exception may
   * quote the file, which may hold secrets.
   *
   * @param file the file
   * @param fault what is wrong, fit to follow a colon
   * @return the exception
   */
  public static StateException corrupt(Path file, String fault) {
    String sentence = fault.endsWith(".") ? fault.substring(0, fault.length() - 1) : fault;
    return new StateException(
        "%s is damaged (%s): restore it from a backup, or move it away to start without it."
            .formatted(file, sentence));
  }

  /** The operating system refused to do this. */
  static StateException refused(String action, Path path, String remedy, IOException cause) {
    return new StateException(
        "Cannot %s %s (%s): %s.".formatted(action, path, reason(cause), remedy), cause);
  }

  /**
   * Why the operating system refused to do something with a file.
   *
   * @param e what was thrown
   * @return a few words, without the file
   */
  public static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      case NoSuchFileException _ -> "no such file or directory";
      case FileAlreadyExistsException _ -> "something else is there";
      case NotDirectoryException _ -> "not a directory";
      default -> "input or output failed";
    };
  }
}
