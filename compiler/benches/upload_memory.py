"""Measures by how much the memory of each server grows while it takes in 100 MiB at `POST /upload`."""
# ruff: noqa: INP001, T201, TID251  # a program of its own: it runs servers, reads their memory, and prints

from __future__ import annotations

import argparse
import http.client
import os
import signal
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from benches.servers import HOST, Served, build, chosen, serving
from tests.conformance.postgres import private_postgres

MIB = 1_048_576
FILE_BYTES = 100 * MIB
PIECE = os.urandom(64 * 1024)
BOUNDARY = "bench-7d1f4c"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="data.bin"\r\n\r\n'.encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
MORE_WORKERS = 2
RESET_PEAK = "5"
"""What /proc/PID/clear_refs takes to begin VmHWM anew."""


def body() -> Iterator[bytes]:
    """A form with one file, in pieces."""
    yield HEAD
    for _ in range(FILE_BYTES // len(PIECE)):
        yield PIECE
    yield TAIL


def upload(port: int) -> None:
    """Send the file; an answer other than 200 ends the program."""
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    try:
        length = len(HEAD) + FILE_BYTES + len(TAIL)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}
        connection.request("POST", "/upload", body(), headers)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            sys.exit(f"The upload was answered {answer.status}: {answer.read().decode()}")
        answer.read()
    finally:
        connection.close()


def memory_bytes(server: Served, field: str) -> int:
    """VmRSS, what is resident now, or VmHWM, the most that was, over all processes of the server's session."""
    total = 0
    for pid in server.pids():
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(status.partition(f"{field}:")[2].split()[0]) * 1024
    return total


def growth_mib(server: Served) -> float:
    """Memory above idle at the worst moment of an upload; the peaks of several processes count as if at once."""
    for pid in server.pids():
        Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
    idle = memory_bytes(server, "VmRSS")
    upload(server.port)
    return (memory_bytes(server, "VmHWM") - idle) / MIB


def main() -> None:
    """Measure every server of every implementation, or of those that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this implementation; repeatable")
    names = parser.parse_args().only
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended

    figures = []
    with private_postgres() as database_url:
        for name, manifest in chosen(names).items():
            folder = build(name, manifest)
            for kind, workers in product(manifest.servers, (1, MORE_WORKERS)):
                served = manifest.servers[kind]
                if not served.workers.allow(workers):
                    continue
                with serving(
                    served.command, build=folder, cwd=folder, env=served.env, database_url=database_url, workers=workers
                ) as server:
                    grown = growth_mib(server)
                print(f"{name} {kind}, workers {workers}: {grown:.1f} MiB", flush=True)
                figures.append(f"{name}_{kind}_{workers}={grown:.1f}")
    print(" ".join(figures))


if __name__ == "__main__":
    main()
