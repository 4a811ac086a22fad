import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Cuts the symbol table off an ELF library, as strip does, where no strip is at hand: 5 MB of libjvm.so that only a debugger of the JVM
 * itself reads. What the loader needs is in the segments, which the program headers name; sections come behind them.
 * A file of another format is left as it is. Layout: System V ABI, "ELF Header" and "Program Header", 64 bits.
 */
final class DropSymbols {
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0]);
    ByteBuffer elf = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (elf.getInt(0) != 0x464c457f || elf.get(4) != 2 || elf.get(5) != 1) {
      return;
    }
    long headers = elf.getLong(0x20);
    int size = elf.getShort(0x36);
    int count = elf.getShort(0x38);
    long end = headers + (long) size * count;
    for (int i = 0; i < count; i++) {
      int header = (int) headers + i * size;
      end = Math.max(end, elf.getLong(header + 8) + elf.getLong(header + 32)); // offset and length in the file
    }
    elf.putLong(0x28, 0).putShort(0x3c, (short) 0).putShort(0x3e, (short) 0); // no section headers
    byte[] kept = new byte[(int) end];
    elf.get(0, kept);
    Files.write(file, kept);
  }
}
