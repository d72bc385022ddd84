"""Every address of a stack that a person may want to open."""

from __future__ import annotations

from deploy.local.backends import without_password
from deploy.local.environment import PROCESSES
from deploy.local.routes import ROUTES
from deploy.local.stack import Stack


def urls(stack: Stack) -> dict[str, str]:
    """Name → address, without passwords."""
    found = {"platform": f"{stack.url}/", "log in": f"{stack.url}/login"}
    found |= {f"openapi {service}": f"{stack.url}/api/v1/{service}/openapi.json" for service in ROUTES}
    found["event catalogue"] = f"{stack.url}/events/docs/"
    found["asyncapi"] = f"{stack.url}/events/asyncapi.json"
    found["open311"] = f"{stack.url}/open311/discovery.json"
    found |= {f"metrics {name}": f"http://127.0.0.1:{stack.ports[f'{name}.admin']}/metrics" for name in PROCESSES}
    found["rabbitmq management"] = without_password(stack.backends.management_url)
    if stack.servers:
        found["rabbitmq metrics"] = f"http://127.0.0.1:{stack.ports['rabbitmq_metrics']}/metrics"
    found["amqp"] = without_password(stack.backends.admin_amqp_url)
    found["postgresql"] = without_password(stack.backends.admin_database_url)
    return found
