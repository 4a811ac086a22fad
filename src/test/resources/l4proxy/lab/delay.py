"""A cable between two network namespaces that takes its time: delay.py DEVICE OTHER.

Makes a TUN device in the namespace it is started in, and one of the same name in that at the path OTHER; says
"ready", and passes packets from one to the other. A line "MILLIS PERCENT" on stdin: each packet arrives so much
later from then on, none before one that was sent earlier, and so many of a hundred are lost. Ends with stdin.
"""
import collections
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
CLONE_NEWNET = 0x40000000
LONGEST_PACKET = 65535
MOST_WAITING = 20_000  # each way; what comes then is lost


def tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def enter(namespace):  # os.setns is there from Python 3.12 on
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(os.open(namespace, os.O_RDONLY), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns " + namespace)


def main(device, other):
    here = tun(device)
    enter(other)
    there = tun(device)
    ways = {here: (there, collections.deque()), there: (here, collections.deque())}
    poll = select.poll()
    for each in (0, here, there):
        poll.register(each, select.POLLIN)
    print("ready", flush=True)
    delay, percent = 0.0, 0.0
    while True:
        due = [waiting[0][0] for _, waiting in ways.values() if waiting]
        ready = poll.poll(max(0.0, min(due) - time.monotonic()) * 1000 if due else None)
        now = time.monotonic()
        for each, _ in ready:
            if each == 0:
                line = os.read(0, 100).split()
                if not line:
                    return
                delay, percent = float(line[-2]) / 1000, float(line[-1])
                continue
            try:
                packet = os.read(each, LONGEST_PACKET)
            except OSError:  # the device is down
                continue
            waiting = ways[each][1]
            if len(waiting) < MOST_WAITING and random.random() * 100 >= percent:
                waiting.append((now + delay, packet))
        for out, waiting in ways.values():
            while waiting and waiting[0][0] <= now:
                try:
                    os.write(out, waiting.popleft()[1])
                except OSError:  # down, or full: as on any cable, the packet is lost
                    pass


main(*sys.argv[1:])
