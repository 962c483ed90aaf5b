import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import javax.net.ssl.*;

/** A TLS server with every protocol and suite that Java has: `PORT STORE`, whose password is "test". */
public class Everything {
    public static void main(String[] words) throws Exception {
        char[] password = "test".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(words[1]), password);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(Integer.parseInt(words[0]), 128, InetAddress.getByName("127.0.0.1"));
        server.setEnabledProtocols(server.getSupportedProtocols());
        server.setEnabledCipherSuites(server.getSupportedCipherSuites());
        for (String suite : server.getSupportedCipherSuites()) {
            System.out.println("suite " + suite);
        }
        while (true) {
            SSLSocket client = (SSLSocket) server.accept();
            new Thread(() -> greet(client)).start();
        }
    }

    private static void greet(SSLSocket client) {
        try (client) {
            client.setSoTimeout(10_000);
            client.startHandshake();
            client.getInputStream().read();
        } catch (Exception ended) {
            // A scanner breaks off most handshakes.
        }
    }
}
