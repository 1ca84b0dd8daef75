"""pywebpush 2.5.0 as its documentation shows: one call for each message, with the key read once, and a
session that sends nothing."""

import argparse
import json
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid
from py_vapid.utils import b64urlencode
from pywebpush import webpush


class Answer:
    status_code = 201
    reason = "Created"
    text = ""
    headers = {}


class Nobody:
    def post(self, url, data, headers, timeout):
        self.last = data
        return Answer()


def subscription(number):
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    keys = {"p256dh": b64urlencode(point), "auth": b64urlencode(number.to_bytes(16, "big"))}
    return {"endpoint": f"https://push.example/push/{number:0>163}", "keys": keys}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--subscriptions", type=int, required=True)
    parser.add_argument("--text-bytes", type=int, required=True)
    load = parser.parse_args()
    subscriptions = [subscription(number) for number in range(load.subscriptions)]
    text = "x" * load.text_bytes
    vapid = Vapid()
    vapid.generate_keys()
    nobody = Nobody()

    def make(count):
        for number in range(count):
            webpush(
                subscription_info=subscriptions[number % len(subscriptions)],
                data=text,
                vapid_private_key=vapid,
                # It writes the audience into what it is given.
                vapid_claims={"sub": "mailto:ops@example.org"},
                ttl=2_419_200,
                requests_session=nobody,
            )

    make(load.subscriptions)
    cpu, wall = time.process_time(), time.perf_counter()
    make(load.messages)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    # Header, text, delimiter, tag.
    assert len(nobody.last) == 86 + load.text_bytes + 1 + 16
    print(json.dumps({"count": load.messages, "cpu_us": cpu * 1e6, "wall_us": wall * 1e6}), flush=True)


main()
