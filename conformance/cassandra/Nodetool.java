// Cassandra's own nodetool, kept running: a JVM a verb would take seconds. Reads lines `id TAB port TAB verb TAB word ...`,
// runs each in a thread of its own, answers `id TAB exit code TAB output in base64`.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.apache.cassandra.tools.INodeProbeFactory;
import org.apache.cassandra.tools.NodeProbe;
import org.apache.cassandra.tools.NodeTool;
import org.apache.cassandra.tools.Output;

public class Nodetool {
    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t");
            new Thread(() -> {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
                String[] verb = Arrays.copyOfRange(words, 2, words.length);
                String[] all = Stream.concat(Stream.of("-h", "127.0.0.1", "-p", words[1]), Stream.of(verb)).toArray(String[]::new);
                int code = new NodeTool(new Probes(), new Output(out, out)).execute(all);
                String text = Base64.getEncoder().encodeToString(bytes.toByteArray());
                synchronized (answers) {
                    answers.println(words[0] + "\t" + code + "\t" + text);
                    answers.flush();
                }
            }).start();
        }
        System.exit(0);
    }

    private static final class Probes implements INodeProbeFactory {
        @Override
        public NodeProbe create(String host, int port) throws IOException {
            return new NodeProbe(host, port);
        }

        @Override
        public NodeProbe create(String host, int port, String user, String password) throws IOException {
            return new NodeProbe(host, port, user, password);
        }
    }
}
