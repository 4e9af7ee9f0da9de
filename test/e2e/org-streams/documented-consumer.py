from kafka import KafkaConsumer
import json

consumer = KafkaConsumer(
    '{orgId}.runs',
    bootstrap_servers=['your-kafka-brokers'],
    group_id='{orgId}.your-consumer-group',
    value_deserializer=lambda m: json.loads(m.decode('utf-8'))
)

for message in consumer:
    payload = message.value
    # Process the workflow event
    print(f"Received: {payload}")
