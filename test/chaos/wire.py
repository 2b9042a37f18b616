"""A switch of TAP devices in user space that loses, delays and separates frames: kernels of small
machines have no netem. Usage: wire.py NAME... ; one JSON object per line of standard input sets the
rules: {"loss": 0.1, "delayMs": 50, "jitterMs": 20, "groups": [[0, 1], [2, 3]], "seed": 1}.
Frames go between devices of one group only; without groups between all. Ends with its input."""

import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
MAX_WAITING_FRAMES = 20_000


def open_tap(name):
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return handle


taps = [open_tap(name) for name in sys.argv[1:]]
index_of = {handle: index for index, handle in enumerate(taps)}
rules = {"loss": 0.0, "delayMs": 0, "jitterMs": 0, "groups": []}
homes = {}  # MAC address -> index of the device behind which it was seen
waiting = []  # heap of (due, order, device, frame)
order = 0
counts = {"sent": 0, "lost": 0, "cut": 0}


def are_joined(a, b):
    groups = rules["groups"]
    return not groups or any(a in group and b in group for group in groups)


def deliver(to, frame):
    try:
        os.write(taps[to], frame)
        counts["sent"] += 1
    except OSError:
        counts["lost"] += 1  # Its queue is full, or it is down: as on a real wire.


def take(source, frame):
    global order
    homes[frame[6:12]] = source
    known = homes.get(frame[0:6])
    is_group_address = frame[0] & 1
    targets = [known] if known is not None and not is_group_address else range(len(taps))
    for to in targets:
        if to == source:
            continue
        if not are_joined(source, to):
            counts["cut"] += 1
        elif random.random() < rules["loss"] or len(waiting) > MAX_WAITING_FRAMES:
            counts["lost"] += 1
        elif rules["delayMs"] == 0:
            deliver(to, frame)
        else:
            jitter = random.uniform(-1, 1) * rules["jitterMs"]
            order += 1
            due = time.monotonic() + (rules["delayMs"] + jitter) / 1000
            heapq.heappush(waiting, (due, order, to, frame))


print("ready", flush=True)
poll = select.poll()
for handle in [*taps, 0]:
    poll.register(handle, select.POLLIN)
pending = b""
while True:
    pause = max(0, waiting[0][0] - time.monotonic()) * 1000 if waiting else None
    for handle, _ in poll.poll(pause):
        if handle == 0:
            got = os.read(0, 65536)
            if not got:
                sys.exit(0)
            *lines, pending = (pending + got).split(b"\n")
            for line in lines:
                rules.update(json.loads(line))
                if "seed" in rules:
                    random.seed(rules.pop("seed"))
                print(json.dumps(counts), flush=True)
            continue
        try:
            take(index_of[handle], os.read(handle, 65536))
        except OSError:
            pass
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, to, frame = heapq.heappop(waiting)
        deliver(to, frame)
