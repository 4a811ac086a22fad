package l4proxy.lab;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Moves a thread into a network namespace by setns(2), which counts for that thread alone. */
final class EnteredNamespace {
  private static final int READ_ONLY = 0;
  private static final int CLONE_NEWNET = 0x40000000;

  private static final MethodHandle OPEN =
      function("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SETNS =
      function("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private EnteredNamespace() {}

  @SuppressWarnings("restricted") // only the three above are called
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment address = linker.defaultLookup().findOrThrow(name);
    return linker.downcallHandle(address, descriptor);
  }

  /**
   * Calls something on a thread that is in that namespace. It must start no virtual thread: if a
   * carrier is started for that one it stays in the namespace, and so does all that it carries.
   */
  static <T> T call(Path namespace, Callable<T> work) throws IOException, InterruptedException {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter(namespace);
          return work.call();
        });
    Thread thread = Thread.ofPlatform().daemon().name("in " + namespace).start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failed -> throw failed;
        case RuntimeException failed -> throw failed;
        case Error failed -> throw failed;
        default -> throw new IOException(e.getCause());
      }
    } finally {
      thread.join();
    }
  }

  /** The calling thread, a platform thread, is in that namespace until its end. */
  private static void enter(Path namespace) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = (int) OPEN.invokeExact(arena.allocateFrom(namespace.toString()), READ_ONLY);
      int failed = descriptor < 0 ? -1 : (int) SETNS.invokeExact(descriptor, CLONE_NEWNET);
      if (descriptor >= 0) {
        int ignored = (int) CLOSE.invokeExact(descriptor);
      }
      if (failed != 0) {
        throw new IOException("cannot enter " + namespace);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
