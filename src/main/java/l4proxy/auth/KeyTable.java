package l4proxy.auth;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keys by name, in the order they were made, and by digest: one state of {@link Keys}, never
 * changed.
 */
record KeyTable(Map<String, Key> byName, Map<String, Key> byDigest) {
  static KeyTable of(Collection<Key> keys) {
    Map<String, Key> byName = LinkedHashMap.newLinkedHashMap(keys.size());
    Map<String, Key> byDigest = LinkedHashMap.newLinkedHashMap(keys.size());
    for (Key key : keys) {
      if (byName.put(key.name(), key) != null) {
        throw new IllegalArgumentException("two keys are named " + key.name());
      }
      if (byDigest.put(key.secretSha256(), key) != null) {
        throw new IllegalArgumentException("two keys have one secret");
      }
    }
    return new KeyTable(Collections.unmodifiableMap(byName), Collections.unmodifiableMap(byDigest));
  }

  KeyTable with(Key key) {
    Map<String, Key> keys = new LinkedHashMap<>(byName);
    keys.put(key.name(), key);
    return of(keys.values());
  }

  KeyTable without(Key key) {
    Map<String, Key> keys = new LinkedHashMap<>(byName);
    keys.remove(key.name());
    return of(keys.values());
  }
}
