"""The samples that `wuji sub create` prints, with the subscription's own names filled in."""

from __future__ import annotations

from collections.abc import Mapping

SDK = """\
# pip install ./deploy/sdk/wuji_events   (of the platform; it is in no public index)
# export WUJI_EVENTS_URL='{url}'
# export WUJI_EVENTS_SUBSCRIPTION='{name}'
from wuji_events import Subscriber

subscriber = Subscriber.from_env()


@subscriber.on("{type}")
def heard(event):
    print(event.type, event.area, event.data)


subscriber.run()
"""

PIKA = """\
# pip install pika
import json
import pika

connection = pika.BlockingConnection(pika.URLParameters("{url}"))
channel = connection.channel()
channel.basic_qos(prefetch_count=20)
for method, properties, body in channel.consume("{queue}"):
    event = {{name: value for name, value in properties.headers.items() if name.startswith("ce-")}}
    # The same event may come twice: remember event["ce-id"] together with what you do about it.
    print(event["ce-type"], event["ce-area"], json.loads(body))
    channel.basic_ack(method.delivery_tag)
    # channel.basic_reject(method.delivery_tag, requeue=False)  # cannot be handled: it is parked for a person
"""

JAVA = """\
// Spring AMQP: spring-boot-starter-amqp
// application.properties:
//   spring.rabbitmq.addresses={url}
//   spring.rabbitmq.listener.simple.prefetch=20
//   spring.rabbitmq.listener.simple.default-requeue-rejected=false
//   spring.rabbitmq.dynamic=false
@Component
class Heard {{
    @RabbitListener(queues = "{queue}")
    void heard(@Payload byte[] body, @Header("ce-id") String id, @Header("ce-type") String type) {{
        // The same event may come twice: store the id together with what you do about it.
        System.out.println(type + " " + new String(body, StandardCharsets.UTF_8));
    }}
}}
"""

CURL = """\
# From where the subscription stands; then always with the header Wuji-Cursor of the answer before: &after=<cursor>
curl -i -H 'Authorization: Bearer {token}' '{public_url}/api/v1/events?limit=100&wait=25'
"""

WEBHOOK = """\
# pip install standardwebhooks
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = Webhook("{secret}").verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self.send_error(401)
            return
        # The same event may come twice: remember event["id"] together with what you do about it.
        print(event["type"], event["area"], event["data"])
        self.send_response(204)
        self.end_headers()


HTTPServer(("0.0.0.0", 9000), Hook).serve_forever()
"""


def samples(created: Mapping[str, object], public_url: str) -> dict[str, str]:
    """Language → program, for the answer of `POST /api/v1/subscriptions`."""
    connection = created["connection"]
    wanted = created["filter"]
    values = {
        "name": created["name"],
        "token": created["token"],
        "public_url": public_url,
        "type": _first(wanted),
    }
    if (secret := created.get("signing_secret")) is not None:
        return {"python": WEBHOOK.format(secret=secret)}
    if not isinstance(connection, Mapping):
        return {"curl": CURL.format(**values)}
    values |= {"url": connection["url"], "queue": connection["queue"]}
    return {name: text.format(**values) for name, text in (("python", SDK), ("pika", PIKA), ("java", JAVA))}


def _first(wanted: object) -> str:
    types = wanted.get("types") if isinstance(wanted, Mapping) else None
    return str(types[0]) if types else "*"
