"""What the contestants in Python share: arguments, devices, the clock, the answer."""

import argparse
import json
import random
import time

FRAME = '{"aps":{"alert":""}}'


def run(contestant):
    """Practises, sends while the clock runs, and prints what that took.

    `contestant(place)` gives two functions, `send(tokens, text)` and `close()`; `place` has the
    port and the folder with the certificates. The CPU time is that of this process, kernel
    included. `send` says how many seconds it has waited in the end for an error that does not
    come, which the time on the wall is without.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--notifications", type=int, required=True)
    parser.add_argument("--payload-bytes", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    place = parser.parse_args()
    send, close = contestant(place)
    text = "x" * (place.payload_bytes - len(FRAME))
    devices = random.Random(place.notifications)
    practice = tokens(devices, place.warm_up)
    timed = tokens(devices, place.notifications)
    send(practice, text)
    cpu, wall = time.process_time(), time.perf_counter()
    waited = send(timed, text)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall - waited
    close()
    answer = {"count": place.notifications, "cpu_us": cpu * 1e6, "wall_us": wall * 1e6}
    print(json.dumps(answer), flush=True)


def tokens(devices, count):
    """So many device tokens in hexadecimal."""
    digits = devices.randbytes(32 * count).hex()
    return [digits[start : start + 64] for start in range(0, len(digits), 64)]
