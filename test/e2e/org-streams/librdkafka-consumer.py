"""Lists and consumes by librdkafka with the arguments of kcat, for machines whose kcat has one that is too old."""

from argparse import ArgumentParser

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

parser = ArgumentParser()
parser.add_argument('-b', required=True)
parser.add_argument('-X', action='append')
parser.add_argument('-L', action='store_true')
parser.add_argument('-C', action='store_true')
parser.add_argument('-t')
parser.add_argument('-o', choices=['beginning'])
given = parser.parse_args()

settings = dict(setting.split('=', 1) for setting in given.X)
# Asked for by this client alone, which joins no group either.
group = settings['sasl.username'].split('.')[0] + '.librdkafka'
consumer = Consumer(
    {**settings, 'bootstrap.servers': given.b, 'group.id': group, 'enable.partition.eof': True}
)
if given.L:
    for topic in consumer.list_topics(timeout=20).topics:
        print(f'topic "{topic}"')
elif given.C and given.o:
    partitions = consumer.list_topics(given.t, timeout=20).topics[given.t].partitions
    consumer.assign([TopicPartition(given.t, number, OFFSET_BEGINNING) for number in partitions])
    while True:
        message = consumer.poll(1)
        if message is None:
            continue
        error = message.error()
        if error is None:
            print(message.value().decode())
        elif error.code() == KafkaError._PARTITION_EOF:
            print(f'Reached end of topic {message.topic()} [{message.partition()}] at offset {message.offset()}')
        else:
            raise SystemExit(error.str())
