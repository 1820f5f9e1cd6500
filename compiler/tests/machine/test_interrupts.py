import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from benchmark_lab.machine.interrupts import Interrupts


def test_the_first_signal_interrupts_and_the_second_only_explains() -> None:
    said: list[str] = []
    interrupts = Interrupts(said.append)
    with interrupts.handled():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert said[0].startswith("Interrupted (SIGTERM)")
    assert said[1].startswith("Still ending the tools that run; ")


def test_a_signal_inside_a_shield_takes_effect_at_its_end() -> None:
    finished = False
    said: list[str] = []
    interrupts = Interrupts(said.append)

    def work() -> None:
        nonlocal finished
        with interrupts.shielded("writing the summary"):
            os.kill(os.getpid(), signal.SIGINT)
            finished = True

    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        work()
    assert finished
    assert said == ["Still writing the summary; this takes a few seconds, and a further signal does not shorten it."]


HUNG_UP = """
import os, signal, sys, time
from benchmark_lab.machine.interrupts import Interrupts
with Interrupts(print).handled():
    os.kill(os.getppid(), signal.SIGUSR1)  # the terminal may be closed
    while os.readlink("/proc/self/fd/1") != os.devnull:
        time.sleep(0.01)
    print("to nobody", flush=True)
    print("nor this", file=sys.stderr, flush=True)
    open(sys.argv[1], "w").write("went on")
"""


def test_a_closed_terminal_does_not_end_the_run(tmp_path: Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    pid, terminal = pty.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it
        os.execv(sys.executable, [sys.executable, "-c", HUNG_UP, str(tmp_path / "end")])  # noqa: S606
    signal.sigwait({signal.SIGUSR1})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "end").read_text() == "went on"


def test_the_former_handlers_return() -> None:
    former = signal.getsignal(signal.SIGTERM)
    with Interrupts(lambda _: None).handled():
        assert signal.getsignal(signal.SIGTERM) != former
    assert signal.getsignal(signal.SIGTERM) == former
