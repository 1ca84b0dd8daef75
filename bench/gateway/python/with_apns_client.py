"""apns-client 0.2.1, as its documentation shows, with its defaults but for the wait in the end.

It asks pyOpenSSL for SSL 3.0 by a name that is gone; in its place stands what is newest.
"""

import contestant
from OpenSSL import SSL

SSL.SSLv3_METHOD = SSL.TLS_METHOD

from apnsclient import APNs, Message, Session  # noqa: E402

# Its default is 3 s, after each `send`; it costs no CPU time.
READ_TAIL_TIMEOUT = 0.1


def connect(place):
    session = Session(read_tail_timeout=READ_TAIL_TIMEOUT)
    connection = session.get_connection(
        ("127.0.0.1", place.port), cert_file=f"{place.dir}/client.pem"
    )
    service = APNs(connection)

    def send(tokens, text):
        result = service.send(Message(tokens, alert=text))
        if result.errors or result.failed or result.needs_retry():
            raise RuntimeError(f"{result.errors} {result.failed}")
        return READ_TAIL_TIMEOUT

    return send, session.shutdown


contestant.run(connect)
