"""Streams what happens in a playbook to `lab`, one JSON object a line, over an inherited file descriptor."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lab_events
type: notification
short_description: Streams tasks and results to lab over a file descriptor
description:
  - Writes one JSON object a line to the descriptor whose number is in the environment variable LAB_EVENTS_FD.
  - What a task marks C(no_log) arrives censored, as everywhere in Ansible.
requirements: [lab]
"""

import json
import os
import time
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook.task import Task

HIDDEN = ("invocation", "ansible_facts", "diff", "_ansible_delegated_vars")


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible ships no types
    """One event when a task starts, one for each host's or item's result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "lab_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        descriptor = os.environ.get("LAB_EVENTS_FD")
        self.disabled = descriptor is None
        self._stream = None if descriptor is None else os.fdopen(int(descriptor), "w", encoding="utf-8", buffering=1)

    def _emit(self, event: str, **data: object) -> None:
        if self._stream is not None:
            line = {"event": event, "monotonic_s": time.monotonic(), **data}
            self._stream.write(json.dumps(line, default=str) + "\n")

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: ARG002  Ansible's signature
        """A task starts on all of its hosts."""
        self._emit("task", task=task.get_name(), action=task.action)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """A host finished the task."""
        self._result("ok", result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:  # noqa: FBT002  Ansible's
        """A host failed the task."""
        self._result("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """A host cannot be reached."""
        self._result("unreachable", result)

    def _result(self, event: str, result: CallbackTaskResult) -> None:
        data: dict[str, Any] = {key: value for key, value in result.result.items() if key not in HIDDEN}
        host = result.task.delegate_to or result.host.get_name()  # the one that a failure is about
        self._emit(event, task=result.task.get_name(), action=result.task.action, host=host, result=data)
