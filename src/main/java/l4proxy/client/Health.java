package l4proxy.client;

/**
 * What a service's health checks came to: three bad ones in a row take it out, two good ones bring
 * it back. It is fit until then. Safe from any thread.
 */
final class Health {
  private static final int FALL = 3;
  private static final int RISE = 2;

  private boolean up = true;

  /** Results in a row that speak against what holds. */
  private int against;

  /** One more result; whether it changed what holds. */
  synchronized boolean checked(boolean good) {
    against = good == up ? 0 : against + 1;
    if (against < (up ? FALL : RISE)) {
      return false;
    }
    up = !up;
    against = 0;
    return true;
  }

  /** Whether the backend is fit for users. */
  synchronized boolean up() {
    return up;
  }
}
