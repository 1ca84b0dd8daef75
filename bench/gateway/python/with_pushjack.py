"""pushjack 1.6.0, as its documentation shows, with its defaults but for the wait in the end.

It was written for Pythons up to 3.7, and uses one thing that is gone since 3.12 and that a current
OpenSSL refuses before: `ssl.wrap_socket`. In its place stands what it did, with protocols and
ciphers of today.
"""

import ssl

import contestant

# Its default is 10 s, after each `send`; it costs no CPU time.
ERROR_TIMEOUT = 0.1


def wrap_socket(sock, certfile, do_handshake_on_connect):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certfile)
    return context.wrap_socket(sock, do_handshake_on_connect=do_handshake_on_connect)


ssl.wrap_socket = wrap_socket

import pushjack  # noqa: E402


def connect(place):
    class Client(pushjack.APNSClient):
        host = "localhost"
        port = place.port

    client = Client(f"{place.dir}/client.pem")

    def send(tokens, text):
        response = client.send(tokens, text, error_timeout=ERROR_TIMEOUT)
        if response.errors:
            raise response.errors[0]
        return ERROR_TIMEOUT

    return send, client.close


contestant.run(connect)
