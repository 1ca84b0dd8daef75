"""Serves the example's page and worker, and hears what they tell."""

import http.server
import json
import queue
import threading

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}
MOST_BYTES = 1 << 20


class Heard:
    """What the page has told, in order."""

    def __init__(self):
        self.queue = queue.Queue()

    def put(self, it):
        self.queue.put(it)

    def is_empty(self):
        return self.queue.empty()

    def next(self, seconds, goes_on):
        """The next; `None`: none in time, or nobody is there any more to tell."""
        for _ in range(seconds):
            try:
                return self.queue.get(timeout=1)
            except queue.Empty:
                if not goes_on():
                    return None
        return None


class Server:
    def __init__(self, folder, key):
        self.subscriptions, self.arrived = Heard(), Heard()
        files = {f"/{path.name}": path for path in folder.iterdir() if path.suffix in TYPES}
        files["/"] = files["/index.html"]
        heard = {"/subscriptions": self.subscriptions, "/arrived": self.arrived}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, kind="text/plain", body=b""):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path = self.path.partition("?")[0]
                if path == "/key":
                    self.answer(200, body=key.encode())
                elif path in files:
                    self.answer(200, TYPES[files[path].suffix], files[path].read_bytes())
                else:
                    self.answer(404)

            def do_POST(self):
                length = min(int(self.headers.get("content-length", 0)), MOST_BYTES)
                body = self.rfile.read(length)
                if self.path in heard:
                    heard[self.path].put(json.loads(body))
                    self.answer(204)
                else:
                    self.answer(404)

            def do_DELETE(self):
                self.rfile.read(min(int(self.headers.get("content-length", 0)), MOST_BYTES))
                self.answer(204)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
