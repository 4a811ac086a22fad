/**
 * The commands: one class each, with its options as fields that jcommander fills.
 *
 * <p>{@link l4proxy.cli.Cli} finds the command, {@link l4proxy.cli.Binding} gathers what was given
 * for its options on the command line, in the environment and in the {@code --config} file, and
 * {@link l4proxy.cli.Help} tells people about them. May depend on every other package but the
 * protocol's own. A command runs on the main thread; signals arrive on threads of the JVM's.
 */
@NullMarked
package l4proxy.cli;

import org.jspecify.annotations.NullMarked;
