"""A process that writes and is killed, for `test_store`: `python crashing.py ROOT BUNDLE`, told by lines on stdin.

It imports everything once and forks a child for each line, so that two hundred starts cost seconds. It says
`died N`; a child says `pid N`, `ready` after its recovery and `ack NAME NUMBER` for each upsert that was answered.

    go SEED       a child of three threads that upsert until it is killed
    some SEED N   a child of five threads that upsert N times in all
    once NAME     a child that upserts once, having traced its own system calls; it says `trace` and a JSON list
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from decimal import Decimal
from itertools import count

from modelry.catalog.store import Store

UNIT = Decimal("1e-9")


def say(*words):
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


def put(store, provider, name, number):
    price = number * UNIT
    store.upsert({"provider": provider, "model": name, "family": "gen", "unit": "1k_tokens", "notes": f"no {number}",
                  "base_url": "https://p.example/v1", "input_per_1k": price, "output_per_1k": price}, "child")  # fmt: skip
    say("ack", f"{provider}/{name}", number)


def until_killed(store, seed):
    def work(thread):
        chance = random.Random(seed * 10 + thread)  # noqa: S311
        for number in count(seed * 1000):  # each thread has names of its own, so that their numbers only grow
            provider, kind = f"p{chance.randrange(5)}", chance.randrange(3)
            name = f"m-{chance.randrange(500):04}" if kind else f"new-{chance.randrange(20)}"
            put(store, provider, f"{name}" if thread == 0 else f"{name}-t{thread}", number)

    at_once(work, 3)


def at_once(work, many):
    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def traced(store, name):
    """Upsert once with the calls that matter written down, by what they act on."""
    calls = []
    fsync, replace, write = os.fsync, os.replace, os.write

    def path_of(handle):
        number = os.fstat(handle).st_ino
        return next((str(path) for path in (*store.root.rglob("*"), store.root) if path.stat().st_ino == number), "?")

    def traced_fsync(handle):
        fsync(handle)
        calls.append(["fsync", path_of(handle)])

    def traced_replace(old, new, **options):
        replace(old, new, **options)
        calls.append(["rename", str(new)])

    def traced_write(handle, data):
        calls.append(["write", "answer" if bytes(data[:4]) == b"ack " else path_of(handle)])
        return write(handle, data)

    os.fsync, os.replace, os.write = traced_fsync, traced_replace, traced_write
    put(store, "p0", name, 1)
    os.fsync, os.replace, os.write = fsync, replace, write
    say("trace", json.dumps(calls))


def child(root, bundle, words):
    say("pid", os.getpid())
    store = Store(root, bundle=bundle)
    store.recover()
    say("ready")
    match words:
        case ["go", seed]:
            until_killed(store, int(seed))
        case ["some", seed, many]:
            at_once(
                lambda thread: [put(store, f"p{n % 5}", f"of-{seed}-{n}", 1) for n in range(thread, int(many), 5)], 5
            )
        case ["once", name]:
            traced(store, name)


def main(root, bundle):
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            child(root, bundle, line.split())
            os._exit(0)
        if not line.startswith("some"):
            os.waitpid(pid, 0)
            say("died", pid)
    for _ in range(64):
        try:
            os.wait()
        except ChildProcessError:
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
