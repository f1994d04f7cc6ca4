"""An order in words: every part of it that is not read into a field, so that nothing of what was asked for is lost."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

READ = frozenset(
    {
        *("resourceType", "id", "meta", "language", "implicitRules", "identifier", "subject", "requester"),
        *("code", "orderDetail", "reasonCode", "note", "patientInstruction", "occurrenceTiming", "text"),
        *("status", "intent", "priority", "doNotPerform", "modifierExtension"),
    }
)
"""What somebody else reads, or says before all the rest."""
USUAL = {"status": "active", "intent": "order", "priority": "routine"}
"""What needs no words, because it is what is meant where nothing is said."""
_AS_NEEDED = ("asNeededBoolean", "asNeededCodeableConcept")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KIND = re.compile(r"(?<=[a-z])(Boolean|CodeableConcept|DateTime|Period|Quantity|Range|Ratio|String)$")
_TAG = re.compile(r"<[^>]*>")


def before_all(order: Mapping[str, Any]) -> list[str]:
    """What changes the meaning of all the rest."""
    told = {name: order[name] for name, usual in USUAL.items() if order.get(name, usual) != usual}
    return [*named(told), *named({name: order[name] for name in _AS_NEEDED if name in order})]


def rest(order: Mapping[str, Any]) -> list[str]:
    """What nobody else reads."""
    return [*named({name: value for name, value in order.items() if name not in READ | {*_AS_NEEDED}}), *_own(order)]


def notes(order: Mapping[str, Any]) -> list[str]:
    """The notes, each with who wrote it and when."""
    return [_beside(note, "text") for note in order.get("note") or ()]


def named(parts: Mapping[str, Any]) -> list[str]:
    """Parts as `name: what it says`."""
    told = ((name, in_words(value)) for name, value in parts.items())
    return [f"{_label(name)}: {words}" for name, words in told if words]


def in_words(value: Any) -> str:
    """Any value of FHIR in words; of a type that is known, as a person would say it, and nothing of it is left out."""
    if isinstance(value, Mapping):
        for known, say in _SAID:
            if value and value.keys() <= known:
                return say(value)
        return "; ".join(f"{_label(name)} {words}" for name, part in value.items() if (words := in_words(part)))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(in_words, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()


def _concept(value: Mapping[str, Any]) -> str:
    return _once([in_words(value.get("text")), *map(in_words, value.get("coding") or ())])


def _coding(value: Mapping[str, Any]) -> str:
    return in_words(value.get("display")) or "|".join(filter(None, (_text(value, "system"), _text(value, "code"))))


def _reference(value: Mapping[str, Any]) -> str:
    return _once([_text(value, "display"), _text(value, "reference"), in_words(value.get("identifier"))])


def _identifier(value: Mapping[str, Any]) -> str:
    return "|".join(filter(None, (_text(value, "system"), _text(value, "value"))))


def _quantity(value: Mapping[str, Any]) -> str:
    unit = _text(value, "unit") or _text(value, "code")
    return " ".join(filter(None, (_text(value, "comparator"), _text(value, "value"), unit)))


def _period(value: Mapping[str, Any]) -> str:
    begin, end = _text(value, "start"), _text(value, "end")
    return " ".join([*(["from", begin] if begin else []), *(["until", end] if end else [])])


def _range(value: Mapping[str, Any]) -> str:
    return f"{in_words(value.get('low')) or '?'} to {in_words(value.get('high')) or '?'}"


_SAID: tuple[tuple[frozenset[str], Callable[[Mapping[str, Any]], str]], ...] = (
    (frozenset({"coding", "text"}), _concept),
    (frozenset({"start", "end"}), _period),
    (frozenset({"low", "high"}), _range),
    (frozenset({"system", "version", "code", "display", "userSelected"}), _coding),
    (frozenset({"use", "system", "value"}), _identifier),
    (frozenset({"value", "unit", "system", "code", "comparator"}), _quantity),
    (frozenset({"reference", "type", "identifier", "display"}), _reference),
)
"""How a type is said, by the names that it may have: one with any other is said part by part."""


def _own(order: Mapping[str, Any]) -> list[str]:
    """What whoever wrote an order says beside its structure; what was made from that says nothing new."""
    told = order.get("text")
    if not isinstance(told, Mapping) or told.get("status") != "additional":
        return []
    return [" ".join(_TAG.sub(" ", _text(told, "div")).split())]


def _beside(value: Any, name: str) -> str:
    """One part first, and the others behind it."""
    if not isinstance(value, Mapping):
        return in_words(value)
    others = ", ".join(named({other: part for other, part in value.items() if other != name}))
    return _text(value, name) + (f" ({others})" if others else "")


def _once(texts: Iterable[str]) -> str:
    first, *others = [*dict.fromkeys(filter(None, texts))] or [""]
    return first + (f" ({', '.join(others)})" if others else "")


def _text(value: Mapping[str, Any], name: str) -> str:
    return in_words(value.get(name))


def _label(name: str) -> str:
    return _WORD.sub(" ", _KIND.sub("", name)).lower()
