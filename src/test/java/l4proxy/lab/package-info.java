/**
 * A small internet of network namespaces that tests break: a user, a server, and two homes behind
 * routers that translate addresses, all joined by one namespace that stands for what is between.
 * Needs root and the programs {@code ip}, {@code nft} and {@code conntrack}, for a slow cable
 * {@code python3} and the kernel's TUN devices; nothing of it touches the network of the machine.
 */
package l4proxy.lab;
