"""A therapist's values: what is taken, what is refused, and in which words."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import games
from engine.parameters import Layer, ParameterError, choice, describe, fill, number, order, switch


@dataclass(frozen=True)
class Orchard:
    """Parameters of every type."""

    fruit: int = number(10, 1, 60, "", "fruits in a round")
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to hold")
    arm: str = choice("both", ("both", "left", "right"), "which arm")
    music: bool = switch(True, "whether there is music")


@dataclass(frozen=True)
class Basket:
    """Words in an order."""

    knobs: tuple[str, ...] = order(("size",), ("size", "time", "hold"), "what gets harder")


def filled(**values: object) -> Orchard:
    return fill(Orchard, Layer("presets/calm.toml", values))


def test_without_values_the_defaults_hold() -> None:
    assert fill(Orchard) == filled() == Orchard(10, 1.0, "both", True)


def test_each_layer_overrides_the_one_before() -> None:
    layers = (Layer("preset", {"fruit": 5, "arm": "left"}), Layer("--set", {"fruit": 7}))
    assert fill(Orchard, *layers) == Orchard(fruit=7, arm="left")


def test_bounds_belong_to_the_range() -> None:
    assert filled(fruit=1, hold_s=5).fruit == 1
    assert filled(fruit=60, hold_s=0.0).hold_s == 0.0


def test_numbers_come_out_in_their_own_type() -> None:
    values = filled(fruit=5.0, hold_s=2)
    assert isinstance(values.fruit, int)
    assert isinstance(values.hold_s, float)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("fruit", 61, "presets/calm.toml: fruit = 61 must be a whole number from 1 to 60"),
        ("fruit", 2.5, "presets/calm.toml: fruit = 2.5 must be a whole number from 1 to 60"),
        ("fruit", "ten", "presets/calm.toml: fruit = 'ten' must be a whole number from 1 to 60"),
        ("fruit", True, "presets/calm.toml: fruit = True must be a whole number from 1 to 60"),
        ("hold_s", -0.1, "presets/calm.toml: hold_s = -0.1 must be a number from 0 to 5 s"),
        ("hold_s", None, "presets/calm.toml: hold_s = None must be a number from 0 to 5 s"),
        ("arm", "third", "presets/calm.toml: arm = 'third' must be one of both, left, right"),
        ("arm", 1, "presets/calm.toml: arm = 1 must be one of both, left, right"),
        ("music", 1, "presets/calm.toml: music = 1 must be true or false"),
        ("frut", 1, "presets/calm.toml: there is no parameter 'frut'; known are fruit, hold_s, arm, music"),
    ],
)
def test_a_refusal_names_place_parameter_value_and_range(name: str, value: object, said: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        filled(**{name: value})
    assert str(refusal.value) == said


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), [], {}, b"1"])
@pytest.mark.parametrize("name", ["fruit", "hold_s", "arm", "music"])
def test_no_strange_value_gets_in_or_raises_anything_else(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"presets/calm.toml: {name} = "):
        filled(**{name: value})


@pytest.mark.parametrize("value", [("size", "time"), ["size", "time"], "size,time", " size , time"])
def test_an_order_is_taken_from_a_list_or_from_words_with_commas(value: object) -> None:
    assert fill(Basket, Layer("here", {"knobs": value})).knobs == ("size", "time")


@pytest.mark.parametrize("value", ["", [], ["size", "size"], ["weight"], [["size"]], [1], 3, None, {"size": 1}])
def test_an_order_of_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="must be some of size, time, hold, each once"):
        fill(Basket, Layer("here", {"knobs": value}))


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.integers(), st.floats(), st.text(max_size=3), st.booleans(), st.none()))
def test_whatever_is_taken_lies_within_bounds(value: object) -> None:
    try:
        taken = filled(hold_s=value).hold_s
    except ParameterError:
        return
    assert 0 <= taken <= 5
    assert taken == value


def test_a_description_has_all_that_a_form_needs() -> None:
    fruit, _, arm, music = describe(Orchard)
    assert fruit == {
        "name": "fruit",
        "type": "int",
        "default": 10,
        "low": 1,
        "high": 60,
        "unit": "",
        "help": "fruits in a round",
    }
    assert arm["options"] == ("both", "left", "right")
    assert (music["type"], music["default"]) == ("bool", True)


@pytest.mark.parametrize("name", games.names())
def test_the_defaults_of_a_game_keep_to_its_own_rules(name: str) -> None:
    kind = games.load(name).Parameters
    defaults = {entry["name"]: entry["default"] for entry in describe(kind)}
    assert fill(kind, Layer("defaults", defaults)) == kind()
