"""Answers each line with its number, for each client on its own.

A client's connection and count are kept by PID 1, so that a crash costs it nothing.
"""
import os
import select
import signal
import socket
import time

from systemd import daemon

clients = {}


def keep(client, count):
    """Stores the connection under a new name, which says the count."""
    number = client.fileno()
    if count:
        daemon.notify(f"FDSTOREREMOVE=1\nFDNAME=client-{count - 1}")
    daemon.notify(f"FDSTORE=1\nFDNAME=client-{count}", fds=[number])
    clients[client] = count


def reload(*_):
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.notify(f"RELOADING=1\nMONOTONIC_USEC={now}")
    daemon.notify("READY=1\nSTATUS=reloaded")


def stop(*_):
    daemon.notify("STOPPING=1\nSTATUS=stopping")
    raise SystemExit(0)


signal.signal(signal.SIGHUP, reload)
signal.signal(signal.SIGTERM, stop)
listener = None
for number, name in daemon.listen_fds_with_names().items():
    if name.startswith("client-"):
        clients[socket.socket(fileno=number)] = int(name.removeprefix("client-"))
    else:
        assert daemon.is_socket_inet(number, socket.AF_INET6, socket.SOCK_STREAM, True, 7000)
        listener = socket.socket(fileno=number)
daemon.notify(f"READY=1\nSTATUS=ready with {len(clients)}\nMAINPID={os.getpid()}")
watchdog = int(os.environ["WATCHDOG_USEC"]) / 2e6
assert int(os.environ["WATCHDOG_PID"]) == os.getpid()
while True:
    daemon.notify("WATCHDOG=1")
    ready, _, _ = select.select([listener, *clients], [], [], watchdog)
    for each in ready:
        if each is listener:
            keep(listener.accept()[0], 0)
            continue
        line = each.recv(4096)
        if not line:
            daemon.notify(f"FDSTOREREMOVE=1\nFDNAME=client-{clients.pop(each)}")
            each.close()
            continue
        keep(each, clients[each] + 1)
        each.sendall(b"%d\n" % clients[each])
        daemon.notify(f"STATUS=counted {clients[each]}")
