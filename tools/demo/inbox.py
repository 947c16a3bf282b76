# SPDX-License-Identifier: Apache-2.0
"""Where the demo's notifications arrive: an HTTP server and an SMTP server of the team, in threads."""

import email
import email.policy
import http.server
import json
import threading
import time

from aiosmtpd.controller import Controller


class Inbox:
    """Keeps what arrived, with the moment; wait() returns the first item that fits."""

    def __init__(self):
        self.items = []
        self.changed = threading.Condition()

    def put(self, item):
        with self.changed:
            self.items.append((time.time(), item))
            self.changed.notify_all()

    def wait(self, fits, seconds):
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for moment, item in self.items:
                    if fits(item):
                        return moment, item
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)


class Webhook(Inbox):
    def __init__(self, port):
        super().__init__()
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                inbox.put(json.loads(body))

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Mailbox(Inbox):
    def __init__(self, port):
        super().__init__()
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        self.put(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 accepted"
