package l4proxy.server;

import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * A service that a client is granted.
 *
 * @param session of the client
 * @param asked what it asked for
 * @param internal where the tunnels arrive; null for the control port
 */
record Exposure(ClientSession session, Message.Expose asked, @Nullable InternalPort internal) {}
