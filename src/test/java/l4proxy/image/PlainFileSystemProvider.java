package l4proxy.image;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * The machine's file system without what only POSIX has: modes, owners, inodes, and directories
 * that can be opened like files. A JVM takes it for its own by {@code
 * -Djava.nio.file.spi.DefaultFileSystemProvider}.
 */
public final class PlainFileSystemProvider extends FileSystemProvider {
  private final FileSystemProvider real;
  private final Plain system;

  /**
   * Stands in front of another.
   *
   * @param real the JVM's own
   */
  public PlainFileSystemProvider(FileSystemProvider real) {
    this.real = real;
    this.system = new Plain(real.getFileSystem(URI.create("file:///")));
  }

  /** A path of the real file system, and what unwraps it. */
  private interface Wrapped extends Path {
    Path unwrapped();
  }

  private static Path real(Path path) {
    return path instanceof Wrapped wrapped ? wrapped.unwrapped() : path;
  }

  private Path plain(Path path) {
    return (Path)
        Proxy.newProxyInstance(
            PlainFileSystemProvider.class.getClassLoader(),
            new Class<?>[] {Wrapped.class},
            (self, method, given) -> call(path, method, given));
  }

  private Object call(Path path, Method method, Object[] given) throws Throwable {
    switch (method.getName()) {
      case "unwrapped" -> {
        return path;
      }
      case "getFileSystem" -> {
        return system;
      }
      case "toFile" -> {
        return new File(path.toString());
      }
      case "iterator" -> {
        Iterator<Path> names = path.iterator();
        return StreamSupport.stream(((Iterable<Path>) () -> names).spliterator(), false)
            .map(this::plain)
            .iterator();
      }
      default -> {
        Object[] arguments =
            given == null
                ? new Object[0]
                : Arrays.stream(given)
                    .map(each -> each instanceof Path other ? real(other) : each)
                    .toArray();
        try {
          Object result = method.invoke(path, arguments);
          return result instanceof Path other ? plain(other) : result;
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
  }

  private static void refuse(FileAttribute<?>... attributes) {
    if (attributes.length > 0) {
      throw new UnsupportedOperationException("this file system has no " + attributes[0].name());
    }
  }

  @Override
  public String getScheme() {
    return real.getScheme();
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) throws IOException {
    return real.newFileSystem(uri, environment);
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return system;
  }

  @Override
  public Path getPath(URI uri) {
    return plain(real.getPath(uri));
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    refuse(attributes);
    if (Files.isDirectory(real(path))) {
      throw new IOException("this file system opens no directory");
    }
    return real.newFileChannel(real(path), options);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    refuse(attributes);
    return real.newByteChannel(real(path), options);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
    DirectoryStream<Path> entries =
        real.newDirectoryStream(real(directory), entry -> filter.accept(plain(entry)));
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return StreamSupport.stream(entries.spliterator(), false)
            .map(PlainFileSystemProvider.this::plain)
            .iterator();
      }

      @Override
      public void close() throws IOException {
        entries.close();
      }
    };
  }

  @Override
  public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
    refuse(attributes);
    real.createDirectory(real(directory));
  }

  @Override
  public void delete(Path path) throws IOException {
    real.delete(real(path));
  }

  @Override
  public void copy(Path from, Path to, CopyOption... options) throws IOException {
    real.copy(real(from), real(to), options);
  }

  @Override
  public void move(Path from, Path to, CopyOption... options) throws IOException {
    real.move(real(from), real(to), options);
  }

  @Override
  public boolean isSameFile(Path one, Path other) throws IOException {
    return real.isSameFile(real(one), real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return real.isHidden(real(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return real.getFileStore(real(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    real.checkAccess(real(path), modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return type == BasicFileAttributeView.class
        ? real.getFileAttributeView(real(path), type, options)
        : null;
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    if (type != BasicFileAttributes.class) {
      throw new UnsupportedOperationException("this file system has no " + type.getSimpleName());
    }
    return type.cast(new Basic(real.readAttributes(real(path), type, options)));
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    if (names.contains(":") && !names.startsWith("basic:")) {
      throw new UnsupportedOperationException("this file system has no " + names);
    }
    return real.readAttributes(real(path), names, options);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    throw new UnsupportedOperationException("this file system has no " + name);
  }

  /** Attributes without an inode. */
  private record Basic(BasicFileAttributes real) implements BasicFileAttributes {
    @Override
    public FileTime lastModifiedTime() {
      return real.lastModifiedTime();
    }

    @Override
    public FileTime lastAccessTime() {
      return real.lastAccessTime();
    }

    @Override
    public FileTime creationTime() {
      return real.creationTime();
    }

    @Override
    public boolean isRegularFile() {
      return real.isRegularFile();
    }

    @Override
    public boolean isDirectory() {
      return real.isDirectory();
    }

    @Override
    public boolean isSymbolicLink() {
      return real.isSymbolicLink();
    }

    @Override
    public boolean isOther() {
      return real.isOther();
    }

    @Override
    public long size() {
      return real.size();
    }

    @Override
    public Object fileKey() {
      return null;
    }
  }

  /** The file system whose paths are wrapped. */
  private final class Plain extends FileSystem {
    private final FileSystem real;

    Plain(FileSystem real) {
      this.real = real;
    }

    @Override
    public FileSystemProvider provider() {
      return PlainFileSystemProvider.this;
    }

    @Override
    public void close() throws IOException {
      real.close();
    }

    @Override
    public boolean isOpen() {
      return real.isOpen();
    }

    @Override
    public boolean isReadOnly() {
      return real.isReadOnly();
    }

    @Override
    public String getSeparator() {
      return real.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      return List.of(getPath("/"));
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      return real.getFileStores();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return Set.of("basic");
    }

    @Override
    public Path getPath(String first, String... more) {
      return plain(real.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
      PathMatcher matcher = real.getPathMatcher(pattern);
      return path -> matcher.matches(PlainFileSystemProvider.real(path));
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      throw new UnsupportedOperationException("this file system has no owners");
    }

    @Override
    public WatchService newWatchService() throws IOException {
      return real.newWatchService();
    }
  }
}
