"""Does the same work on every lane at once, and hands the rounds out to the lanes; a round never spans lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


def on_each(lanes: Sequence[T], work: Callable[[T], None], stop: Callable[[], None]) -> None:
    """Do the work on every lane, each lane in a thread of its own; one lane alone needs no thread.

    Args:
        lanes: the lanes, at least one.
        work: the work on one lane.
        stop: the function that makes the work on all lanes end soon. `on_each` calls `stop` when a lane fails, or the
            wait is interrupted. `on_each` raises the first failure once the work on all lanes has ended.
    """
    if len(lanes) == 1:
        work(lanes[0])
        return
    with ThreadPoolExecutor(len(lanes)) as pool:
        futures = [pool.submit(work, lane) for lane in lanes]
        try:
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            stop()
            raise


class Turns:
    """Rounds that no lane has begun, handed out in their order until the finished rounds are enough."""

    def __init__(self, numbers: Iterable[int], is_enough: Callable[[], bool]) -> None:
        """Take the numbers of the rounds to hand out, and the function that says when the rounds are enough."""
        self._left = iter(numbers)
        self._is_enough = is_enough
        self._lock = Lock()
        self._closed = False

    def next(self) -> int | None:
        """Return the number of the round to run next; None when there is no more to do."""
        with self._lock:
            number = None if self._closed else next(self._left, None)
            self._closed = self._closed or number is None or self._is_enough()
            return None if self._closed else number

    def close(self) -> None:
        """Hand out no more rounds."""
        self._closed = True
