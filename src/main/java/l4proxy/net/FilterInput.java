package l4proxy.net;

import java.io.IOException;
import java.time.Duration;

/** An input that is another one but for what a subclass changes. */
class FilterInput extends Input {
  private final Input source;

  FilterInput(Input source) {
    this.source = source;
  }

  @Override
  public boolean fill() throws IOException {
    return source.fill();
  }

  @Override
  public byte[] buffer() {
    return source.buffer();
  }

  @Override
  public int position() {
    return source.position();
  }

  @Override
  public int buffered() {
    return source.buffered();
  }

  @Override
  public void consume(int count) {
    source.consume(count);
  }

  @Override
  public void deadline(Duration time) throws IOException {
    source.deadline(time);
  }

  @Override
  public void want(int count) {
    source.want(count);
  }

  @Override
  public void expect(int count) {
    source.expect(count);
  }

  @Override
  public int available() throws IOException {
    return source.available();
  }
}
