package l4proxy.auth;

/**
 * A key that was just made, the only time when its secret is known.
 *
 * @param key as it is kept
 * @param joinKey the secret
 */
public record NewKey(Key key, JoinKey joinKey) {}
