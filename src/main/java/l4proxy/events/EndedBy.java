package l4proxy.events;

import java.util.Locale;

/**
 * Why a user's connection ended; for {@link #USER} and {@link #BACKEND} the side whose end of
 * stream came first.
 */
public enum EndedBy {
  /** The user ended it. */
  USER,
  /** The backend ended it. */
  BACKEND,
  /** A side, or the tunnel, broke. */
  RESET,
  /** Half closed and silent for too long. */
  IDLE,
  /** A limit was reached. */
  LIMIT,
  /** Somebody closed it by command. */
  CLOSED,
  /** The server or its client stopped. */
  SHUTDOWN,
  /** No member could serve it. */
  REFUSED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
