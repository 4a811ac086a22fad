package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import l4proxy.events.Events;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests byte by byte: whatever is asked for, the host that is answered is the client's. */
@Timeout(60)
final class RedirectorTest {
  private final Whereabouts whereabouts = mock(Whereabouts.class);
  private Redirector redirector;

  @BeforeEach
  void open() throws Exception {
    when(whereabouts.now()).thenReturn(new Whereabouts.Answer.At("client.test:8000"));
    redirector =
        new Redirector(new InetSocketAddress("127.0.0.1", 0), whereabouts, mock(Events.class));
  }

  @AfterEach
  void close() {
    redirector.close();
  }

  private String said(String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", redirector.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '\0',
      value = {
        "/?a={b}|c /?a=%7Bb%7D%7Cc",
        "/?q=100% /?q=100%25",
        "/%zz?%4 /%25zz?%254",
        "/a^b /a%5Eb",
        "/a%20b//c;d/%2e%2e/?x=1&y=%26+2& /a%20b//c;d/%2e%2e/?x=1&y=%26+2&",
        "//evil.com/x //evil.com/x",
        "/\\evil.com /%5Cevil.com",
        "/@evil.com /@evil.com",
        "/[a]?b[]=1 /%5Ba%5D?b[]=1",
        "/a#b /a%23b",
        "/<\"> /%3C%22%3E",
        "/\u00c3\u00a4 /%C3%A4",
        "http://evil.com/x?y /x?y",
        "http://evil.com?y /?y",
        "http://evil.com /"
      })
  void pathAndQueryAreKeptAndTheHostIsTheClients(String target, String expected) throws Exception {
    String said =
        said("GET " + target + " HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n");
    assertTrue(said.startsWith("HTTP/1.1 303 See Other\r\n"), said);
    assertTrue(said.contains("\r\nLocation: http://client.test:8000" + expected + "\r\n"), said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET @evil.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET .evil.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "nonsense\r\n\r\n"
      })
  void whatIsNoRequestIsAProblem(String request) throws Exception {
    String said = said(request);
    assertTrue(said.startsWith("HTTP/1.1 400 Bad Request\r\n"), said);
    assertTrue(said.contains("\r\nContent-Type: application/problem+json\r\n"), said);
  }

  @Test
  void headHasNoBodyAndABodyIsNotMinded() throws Exception {
    String said = said("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertTrue(said.startsWith("HTTP/1.1 303 ") && said.endsWith("\r\n\r\n"), said);
    said =
        said(
            "POST /a HTTP/1.1\r\n"
                + "Host: x\r\n"
                + "Connection: close\r\n"
                + "Content-Length: 9\r\n\r\n"
                + "some=body");
    assertTrue(said.startsWith("HTTP/1.1 303 "), said);
  }

  @Test
  void whoIsNotKnownIs404AndWhoIsAway503() throws Exception {
    when(whereabouts.now()).thenReturn(new Whereabouts.Answer.Unknown());
    assertEquals(
        "404", said("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").substring(9, 12));
    when(whereabouts.now()).thenReturn(new Whereabouts.Answer.Away());
    String said = said("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertEquals("503", said.substring(9, 12));
    assertTrue(said.contains("\r\nRetry-After: 1\r\n"), said);
  }
}
