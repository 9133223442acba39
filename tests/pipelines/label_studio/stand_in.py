"""A program that starts, serves and ends as Label Studio does, in a tenth of a second.

Its first argument says what it does besides. The
real server is tested in `test_real_server.py`, where there is one.
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    """The three addresses that are asked for."""

    knows_us = True

    def do_GET(self) -> None:
        """Answer as the real one does."""
        expected = f"Token {os.environ['LABEL_STUDIO_USER_TOKEN']}"
        said: dict[str, object] = {"release": "1.23.2"}
        status = 200
        if self.path == "/health":
            said = {"status": "UP"}
        elif self.path == "/api/current-user/whoami":
            said = {"id": 1, "email": os.environ["LABEL_STUDIO_USERNAME"]}
            if not self.knows_us or self.headers["Authorization"] != expected:
                status, said = 401, {"detail": "Invalid token."}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


def main(behaviour: str, port: int) -> None:
    """Start, print what the real one prints, and serve."""
    say("Initializing database..")
    if behaviour == "crashes":
        sys.exit("django.db.utils.OperationalError: disk I/O error\nHINT:  Buy another.")
    if behaviour == "moves":
        say(f"* Port {port} is in use.\n* Trying to start at {port + 1}")
        port += 1
    if behaviour == "hangs":
        time.sleep(600)
    if behaviour == "has a stubborn child" and os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    Answers.knows_us = behaviour != "knows another login"
    server = ThreadingHTTPServer(("127.0.0.1", port), Answers)
    say(f"Starting development server at http://127.0.0.1:{port}/")
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[sys.argv.index("--port") + 1]))
