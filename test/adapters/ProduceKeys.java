import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes a message for each line of a file, which is its key, as any program in Java does that says nothing of
 * partitions. Arguments: the client's settings, the topic, the file.
 */
class ProduceKeys {
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.load(new FileInputStream(arguments[0]));
    StringSerializer text = new StringSerializer();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, text, text)) {
      for (String key : Files.readAllLines(Path.of(arguments[2])))
        producer.send(new ProducerRecord<>(arguments[1], key, "java"));
    }
  }
}
