"""Locust users for the shop that `starfish up` serves: the mix of `starfish load`.

    starfish up
    pip install locust
    locust -f loadtest/locustfile.py -H http://127.0.0.101:8080                 then http://localhost:8089
    locust -f loadtest/locustfile.py -H http://127.0.0.101:8080 --headless -u 100 -r 20 -t 2m --csv run

The front door (-H) is what `starfish up` prints as Users: it serves users of all regions. A region's own users enter
at the addresses that follow it (127.0.0.111, 127.0.0.112, ...).

Of ten requests six read a cart, three write one, one places an order. A user owns one cart and writes versions
1, 2, 3, ... into it, so a lost write or a stale read can be told. Several orders ask for the same slot: one gets 201,
the others 409, which is an answer, not a failure.

Environment
    STARFISH_RETRY=1            a failed request is sent once more, as SDKs do (all of them are idempotent). The retry
                                is a row of its own, `/carts/[user] (retry)`, so that both what happened and what the
                                user saw can be read off
    STARFISH_RETRY_HOST=URL     where the retry goes (another region's balancer); -H when absent
    STARFISH_CLIENT=fast        FastHttpUser in place of HttpUser: several times the load from one process
    STARFISH_REQUESTS_PER_S=1   requests a second and user, at most
"""
import itertools
import os
import random
import time
import uuid

import gevent
from locust import FastHttpUser, HttpUser, constant_throughput, events, task

RETRY = os.environ.get("STARFISH_RETRY", "") not in ("", "0")
RETRY_HOST = os.environ.get("STARFISH_RETRY_HOST")
Base = FastHttpUser if os.environ.get("STARFISH_CLIENT") == "fast" else HttpUser

# Seconds during which orders ask for the same slot.
SLOT_SECONDS = 0.05
RUN = uuid.uuid4().hex[:8]
ANSWERS = (200, 201, 404, 409)

user_numbers = itertools.count(1)
order_numbers = itertools.count(1)


@events.quitting.add_listener
def finish_csv(environment, **_):
    """Locust writes its CSV rows once a second: lets the last requests be in them."""
    if environment.parsed_options.csv_prefix:
        gevent.sleep(2)


class Shopper(Base):
    """One customer with one cart."""

    wait_time = constant_throughput(float(os.environ.get("STARFISH_REQUESTS_PER_S", "1")))
    connection_timeout = 5.0
    network_timeout = 5.0

    def on_start(self):
        self.name = f"locust-{RUN}-{next(user_numbers)}"
        self.version = 0

    @task(6)
    def read_cart(self):
        self.send("GET", f"/carts/{self.name}", "/carts/[user]")

    @task(3)
    def write_cart(self):
        self.version += 1
        cart = {"version": self.version, "items": f"item-{self.version}".ljust(80, ".")}
        self.send("PUT", f"/carts/{self.name}", "/carts/[user]", json=cart)

    @task(1)
    def place_order(self):
        number = next(order_numbers)
        order = {
            "slot": f"{RUN}-{int(time.time() / SLOT_SECONDS)}",
            "order": f"{RUN}-{number}",
            "user": self.name,
            "total": random.randrange(10_000),
        }
        self.send("POST", "/orders", "/orders", json=order)

    def send(self, method, path, name, **body):
        """One request, and one more after a failure when STARFISH_RETRY is set."""
        if self.attempt(method, path, name, body) or not RETRY:
            return
        self.attempt(method, f"{RETRY_HOST or ''}{path}", f"{name} (retry)", body)

    def attempt(self, method, path, name, body):
        timeout = {} if Base is FastHttpUser else {"timeout": 5}
        with self.client.request(method, path, name=name, catch_response=True, **timeout, **body) as response:
            if response.status_code in ANSWERS:
                response.success()
                return True
            cause = response.headers.get("x-starfish-cause", "") if response.headers else ""
            response.failure(f"{response.status_code} {cause}".strip())
            return False
