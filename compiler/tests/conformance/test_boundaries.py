import random
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from benchmark_lab.conformance.boundaries import Inputs
from benchmark_lab.conformance.contract import Contract
from benchmark_lab.conformance.schema import Integer, String, matches

from .refusal import OPENAPI

CONTRACT = Contract.read(OPENAPI)
COMPONENTS = yaml.safe_load(OPENAPI.read_text())["components"]
BODIES = [("postEcho", "EchoRequest"), ("createUser", "UserInput")]
SEEDS = range(5)


def inputs_of(seed: int) -> Inputs:
    return Inputs(random.Random(seed))  # noqa: S311 -- to be drawn again, not to be kept secret


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(COMPONENTS["schemas"][name] | {"components": COMPONENTS})


@pytest.mark.parametrize(("operation", "name"), BODIES)
def test_what_is_drawn_as_valid_is_valid(operation: str, name: str) -> None:
    for seed in SEEDS:
        inputs = inputs_of(seed)
        body = CONTRACT.body(operation)
        for value in (inputs.valid(body), *(case.value for case in inputs.edges(body))):
            assert validator(name).is_valid(value)


@pytest.mark.parametrize(("operation", "name"), BODIES)
def test_each_violation_breaks_the_schema_at_its_field_and_nowhere_else(operation: str, name: str) -> None:
    for seed in SEEDS:
        for case in inputs_of(seed).violations(CONTRACT.body(operation)):
            if case.rule == "a line end behind":
                continue  # Python's `$` lets it pass, JSON Schema's does not
            paths = {".".join(map(str, error.absolute_path)) for error in validator(name).iter_errors(case.value)}
            field = case.field.rpartition(".")[0] if case.rule == "missing" else case.field
            assert paths == {field}, case


def test_every_rule_of_a_user_is_broken_once() -> None:
    rules = {str(case) for case in inputs_of(1).violations(CONTRACT.body("createUser"))}
    assert {
        "email: missing",
        "email: null instead of string",
        "email: too short",
        "email: too long",
        "email: without @",
        "email: a line end behind",
        "name: empty",
        "name: too long",
        "age: below minimum",
        "age: above maximum",
        "age: digits in a string instead of integer",
        "age: a fraction instead of integer",
        "active: an integer instead of boolean",
        "the body: an array instead of object",
    } <= rules


def test_parameters_are_drawn_as_texts_beyond_their_bounds() -> None:
    inputs = inputs_of(1)
    limit, offset = CONTRACT.operations["listUsers"].parameters
    assert [case.value for case in inputs.parameter_edges(limit)] == ["1", "100"]
    assert [case.value for case in inputs.parameter_violations(offset)] == [
        "-1",
        "1000001",
        "abc",
        "1.5",
        "",
        "null",
        "7x",
    ]


def test_a_path_parameter_is_never_empty() -> None:
    (user_id,) = CONTRACT.operations["getUser"].parameters
    values = [case.value for case in inputs_of(1).parameter_violations(user_id)]
    assert "" not in values
    assert str(2**63) in values


def test_the_same_seed_draws_the_same_inputs() -> None:
    body = CONTRACT.body("postEcho")
    first, second = (list(inputs_of(9).violations(body)) for _ in range(2))
    assert first == second


def test_a_pattern_that_nothing_is_known_about_is_refused() -> None:
    schema = String(type="string", maxLength=9, pattern="^[0-9]+$")
    with pytest.raises(ValueError, match=re.escape("no text can be drawn for the pattern ^[0-9]+$")):
        inputs_of(1).valid(schema)


def test_a_number_is_often_small() -> None:
    inputs = inputs_of(1)
    schema = Integer(type="integer", minimum=0, maximum=1_000_000)
    drawn = [int(str(inputs.valid(schema))) for _ in range(200)]
    assert sum(value < 1000 for value in drawn) > 50
    assert max(drawn) > 100_000


def test_a_pattern_ends_at_the_end_of_the_text() -> None:
    assert matches("^a$", "a")
    assert not matches("^a$", "a\n")
