"""The faults, by group. Importing this registers them all."""
from . import process, network, brokers, rabbit, messages, machine, prove, kafka, kafka_access, protocol, cluster, amqp_tls, tokens, reload, letters, http_clients, handlers, memory  # noqa: F401
