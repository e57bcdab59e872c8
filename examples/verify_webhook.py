"""Receives webhooks and believes the signed ones only, with Python's standard library alone.

WEBHOOK_SECRET=whsec_... PORT=9000 python3 examples/verify_webhook.py
"""

import base64
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
LONGEST_AGE = 300  # seconds: an old delivery that somebody recorded is refused

# Here in memory; keep it where it outlives a restart, beside what you do with the event.
done = set()


def is_genuine(headers, body):
    """Whether one of the signatures is that of this very body, made within the last five minutes."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > LONGEST_AGE:
        return False
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256"))
    # After a rotation there are two for a day, with a space between them.
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(expected, signature) for signature in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # As it came: parsed and printed again, the body has another signature.
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            return self.answer(401)
        webhook_id = self.headers["webhook-id"]
        if webhook_id not in done:
            event = json.loads(body)
            print(webhook_id, event["type"], json.dumps(event["data"]), flush=True)
            done.add(webhook_id)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver)
    print(f"Listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
