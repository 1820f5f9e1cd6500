"""Turns a plan into JSON, for programs."""

from __future__ import annotations

import json

from benchmark_lab.cli.views.plan_words import apply_command
from benchmark_lab.plan import Plan


def as_json(file: str, plan: Plan) -> str:
    """Return a plan as JSON: `{"schema": 1, "cells": […], …}`."""
    asked = plan.experiment
    document = {
        "schema": 1,
        "experiment": asked.name,
        "question": asked.question,
        "target": asked.target_name,
        "hardware": [choice.value.model_dump() for choice in asked.hardware],
        "load": asked.load.model_dump(),
        "rounds": asked.rounds.model_dump(),
        "lanes": asked.lanes,
        "seed": asked.seed,
        "criteria": [criterion.text for criterion in plan.criteria],
        "contrasts": [contrast.model_dump() for contrast in plan.contrasts],
        "ruled_out": [{"reason": entry.reason, "combinations": entry.combinations} for entry in plan.ruled_out],
        "notes": plan.notes,
        "trials": plan.trials,
        "worst_case_s": plan.worst_case_s,
        "worst_case_usd": plan.worst_case_usd,
        "rented_hosts": plan.rent.hosts if plan.rent else 0,
        "apply": apply_command(file, asked.changes),
        "cells": [cell.model_dump() for cell in plan.cells],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
