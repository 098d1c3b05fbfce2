import subprocess

import service

PASSWORD = "keystore-Passw0rd"
SERVER = """import java.nio.file.*;
import java.security.KeyStore;
import javax.net.ssl.*;

/** A TLS server that looks at its keystore's file before each connection, as watching servers do. */
class Server {
  static SSLContext load(byte[] bytes, String type, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    store.load(new java.io.ByteArrayInputStream(bytes), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    if (store.size() == 0 || !store.isKeyEntry("service")) throw new Exception("no entry \\"service\\"");
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  public static void main(String[] words) throws Exception {
    Path path = Path.of(words[0]);
    char[] password = Files.readString(Path.of(words[1])).strip().toCharArray();
    String type = path.toString().endsWith(".jks") ? "JKS" : "PKCS12";
    byte[] used = Files.readAllBytes(path);
    SSLContext context = load(used, type, password);
    var listener = new java.net.ServerSocket(Integer.parseInt(words[2]), 50, java.net.InetAddress.getLoopbackAddress());
    while (true) {
      var client = listener.accept();
      try {
        byte[] now = Files.readAllBytes(path);
        if (!java.util.Arrays.equals(now, used)) {
          context = load(now, type, password);
          used = now;
        }
      } catch (Exception error) {
        System.out.println("keeps the old keystore: " + error);
      }
      SSLContext chosen = context;
      Thread thread = new Thread(() -> {
        try (SSLSocket tls = (SSLSocket) chosen.getSocketFactory().createSocket(client, null, true)) {
          tls.setUseClientMode(false);
          tls.startHandshake();
          while (tls.getInputStream().read() >= 0) {}
        } catch (Exception error) {
          System.out.println(error);
        }
      });
      thread.setDaemon(true);
      thread.start();
    }
  }
}
"""


class JavaKeystore(service.Service):
    pattern = "java-keystore"
    type = "Internal"
    watches = True
    patience = 6  # the virtual machine starts
    keystore = "keystore.p12"

    def configure(self):
        self.write_password()
        source = self.place / "Server.java"
        if not source.exists():
            source.write_text(SERVER)
            subprocess.run(["/usr/bin/javac", "-d", self.place, source], check=True, stdin=subprocess.DEVNULL)

    def write_password(self):
        path = self.place / "keystore.password"
        path.write_text(PASSWORD + "\n")
        path.chmod(0o600)

    def put_first(self, certificate, key):
        self.write_password()
        self.folder.mkdir(parents=True)
        subprocess.run(["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-name", "service", "-out", self.folder / "keystore.p12",
                        "-passout", f"file:{self.place}/keystore.password"], check=True, stdin=subprocess.DEVNULL)

    def command(self):
        return ["/usr/bin/java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp", str(self.place), "Server", f"{self.folder}/{self.keystore}",
                f"{self.place}/keystore.password", str(self.port)]

    def adapt(self, text):
        """The pattern is for any service that reads a keystore: where it listens has to be added."""
        self.write_password()
        return super().adapt(text).replace("/etc/certferry/keystore.password", f"{self.place}/keystore.password") + f"\n[[probe]]\nport = {self.port}\n"
