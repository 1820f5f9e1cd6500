import os
import signal

import pytest

from benchmark_lab.runtime.interrupts import Interrupts


def test_the_first_signal_interrupts_and_the_second_only_explains() -> None:
    said: list[str] = []
    interrupts = Interrupts(said.append)
    with interrupts.handled():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert said[0].startswith("Interrupted (SIGTERM)")
    assert said[1].startswith("Still stopping")


def test_a_signal_inside_a_shield_takes_effect_at_its_end() -> None:
    finished = False
    interrupts = Interrupts(lambda _: None)

    def work() -> None:
        nonlocal finished
        with interrupts.shielded():
            os.kill(os.getpid(), signal.SIGINT)
            finished = True

    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        work()
    assert finished


def test_the_former_handlers_return() -> None:
    former = signal.getsignal(signal.SIGTERM)
    with Interrupts(lambda _: None).handled():
        assert signal.getsignal(signal.SIGTERM) != former
    assert signal.getsignal(signal.SIGTERM) == former
