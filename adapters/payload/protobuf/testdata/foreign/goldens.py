"""Prints what confluent-kafka's ProtobufSerializer registers and sends.

    python3 -m venv V && V/bin/pip install 'confluent-kafka[protobuf]' grpcio-tools googleapis-common-protos
    V/bin/python -m grpc_tools.protoc -I . -I V/lib/python3*/site-packages --python_out=. shop/*.proto
    V/bin/python goldens.py > foreign.txt

Each line of the output is a name, a tab, and a text or bytes in hexadecimal digits.
"""
import datetime
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from shop import common_pb2, orders_pb2

registry = SchemaRegistryClient.new_client({"url": "mock://orders"})

def golden(name, message):
    serialize = ProtobufSerializer(type(message), registry, {"auto.register.schemas": True})
    print(f"{name}\t{serialize(message, SerializationContext('orders', MessageField.VALUE)).hex()}")

order = orders_pb2.OrderPlaced(event_id="8c3ff6e2", customer=common_pb2.Customer(customer_id="c-7"), card="visa", state=orders_pb2.OPEN,
                               total_in_cents=9007199254740993, corrections=[-1, 2])
order.occurred_at.FromDatetime(datetime.datetime(2026, 11, 20, 10, 0, 0, 120000))
order.customer.credit.currency_code = "EUR"
order.customer.credit.units = 12
order.customer.credit.nanos = 500000000
order.lines.add(sku="a", quantity=2)
order.lines.add(sku="b", quantity=1)
order.labels["channel"] = "web"
order.note.value = "wrapped"
golden("order", order)
golden("cancelled", orders_pb2.Envelope.OrderCancelled(order_id="ord-1009", at_nanos=1790000000000000000, refund=-500, share=0.25))
golden("list", orders_pb2.Node(id="1", next=orders_pb2.Node(id="2", next=orders_pb2.Node(id="3"))))
for subject in registry.get_subjects():
    print(f"schema {subject}\t{registry.get_latest_version(subject).schema.schema_str}")
