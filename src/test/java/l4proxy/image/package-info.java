/**
 * Tests that drive the built image as a person or a script would: processes, sockets, signals, exit
 * codes and what is printed. The system property {@code l4proxy.image} names the image's directory.
 * Everything runs on loopback, with homes and state in directories of the tests' own; what a test
 * starts it ends, each process by its own handle.
 */
package l4proxy.image;
