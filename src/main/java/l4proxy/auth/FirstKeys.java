package l4proxy.auth;

/**
 * The keys of a server's first start, the only time when their secrets are known.
 *
 * @param adminKey the key named {@code admin}
 * @param defaultKey the key named {@code default}
 */
public record FirstKeys(JoinKey adminKey, JoinKey defaultKey) {}
