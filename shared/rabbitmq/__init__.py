"""Everything that knows RabbitMQ's names: the topology made from code, the management interface, parked messages."""
