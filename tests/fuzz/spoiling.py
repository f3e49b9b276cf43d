"""What an attacker makes of a JSON body: one change at a time, mostly where a row looks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from authctl.policy.rule import Handle
from tests.fuzz.bodies import Arr, Obj, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.fuzz.bodies import Names, Node, Ways

# Values that are of the wrong type, or of the right one in an odd spelling.
WRONG = (
    "null",
    "1",
    "0",
    "-1",
    "1.0",
    "1e0",
    "true",
    "false",
    '""',
    "[]",
    "{}",
    "[null]",
    '["1"]',
    '["1", "2"]',
    '[["1"]]',
    '{"1": "1"}',
    "NaN",
    "-Infinity",
    "1e999",
    "9" * 30,
    "9" * 5000,
    '"01"',
    '" 1"',
    '"1 "',
    '"+1"',
    '"1_0"',
    '"1\\n"',
    '"\\u0661"',
    '"\\uff11"',
    '"1\\u0000"',
    '"*"',
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    "[" * 120 + "]" * 120,
    '{"a":' * 120 + "1" + "}" * 120,
)


def spoil(random: Random, body: Obj, ways: Ways, names: Names) -> None:
    """Change one thing about a body, mostly where the row looks."""
    places = [found for found in _places(body, ways) if found[0].members]
    if places:
        place, here = random.choice(places)
        random.choice(_CHANGES)(random, place, here, names)
    else:
        _foreign(random, body, ways, names)


def _places(node: Node, ways: Ways) -> Iterator[tuple[Obj, Ways]]:
    """The objects on the way to what is named; the outermost twice, since most is there."""
    if isinstance(node, Arr):
        for item in node.items:
            yield from _places(item, ways)
    elif isinstance(node, Obj):
        yield node, ways
        for key, inner in node.members:
            way = ways.get(json.loads(key))
            if isinstance(way, dict):
                yield from _places(inner, way)


def _pick(random: Random, place: Obj, here: Ways) -> int:
    """The index of a member, of one that names something if there is any."""
    named = [i for i, (key, _) in enumerate(place.members) if json.loads(key) in here]
    if named and random.randrange(4):
        return random.choice(named)
    return random.randrange(len(place.members))


def _other(random: Random, place: Obj, here: Ways, names: Names) -> tuple[str, Node, Node]:
    """A member's key, its value, and another that it might have had."""
    key, value = place.members[_pick(random, place, here)]
    way = here.get(json.loads(key))
    if isinstance(way, Handle):
        other: Node = json.dumps(random.choice(names[way]))
        return key, value, Arr([other]) if isinstance(value, Arr) else other
    if isinstance(way, str) and random.randrange(2):
        return key, value, way
    return key, value, random.choice(WRONG)


def _insert(random: Random, place: Obj, key: str, value: Node) -> None:
    place.members.insert(random.randrange(len(place.members) + 1), (key, value))


def _repeat(random: Random, place: Obj, here: Ways, names: Names) -> None:
    key, _, other = _other(random, place, here, names)
    if random.randrange(2):
        key = _escaped(random, key)
    _insert(random, place, key, other)


def _escaped(random: Random, key: str) -> str:
    """A key with one of its characters written as an escape."""
    if key == '""' or "\\" in key:
        return key
    at = random.randrange(len(key) - 2) + 1
    return f"{key[:at]}\\u{ord(key[at]):04x}{key[at + 1 :]}"


def _escape(random: Random, place: Obj, here: Ways, _: Names) -> None:
    at = _pick(random, place, here)
    key, value = place.members[at]
    place.members[at] = (_escaped(random, key), value)


def _camel(random: Random, place: Obj, here: Ways, names: Names) -> None:
    """A key in the other spelling of the two that protobuf reads, instead or besides."""
    key, value, other = _other(random, place, here, names)
    word = json.loads(key)
    twin = json.dumps(camel(word) if "_" in word else re.sub("[A-Z]", _snake, word))
    if random.randrange(2):
        _insert(random, place, twin, other)
    else:
        place.members[place.members.index((key, value))] = (twin, value)


def camel(word: str) -> str:
    head, *rest = word.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _snake(match: re.Match[str]) -> str:
    return f"_{match[0].lower()}"


def _look_alike(random: Random, place: Obj, here: Ways, names: Names) -> None:
    key, _, other = _other(random, place, here, names)
    word = json.loads(key)
    likes = (
        word.replace("_", "\uff3f"),
        word.replace("e", "\u0435"),
        word.upper(),
        f" {word}",
        f"{word}\u0000",
        f"{word}\u0000x",
        f"{word}[]",
        f"[{word}]",
        f"[a.{word}]",
        word.replace("_", "-"),
        word.replace("_", "."),
    )
    _insert(random, place, json.dumps(random.choice(likes)), other)


def _wrong_value(random: Random, place: Obj, here: Ways, _: Names) -> None:
    at = _pick(random, place, here)
    place.members[at] = (place.members[at][0], random.choice(WRONG))


def _another_value(random: Random, place: Obj, here: Ways, names: Names) -> None:
    key, value, other = _other(random, place, here, names)
    place.members[place.members.index((key, value))] = (key, other)


def _wrong_item(random: Random, place: Obj, here: Ways, _: Names) -> None:
    at = _pick(random, place, here)
    value = place.members[at][1]
    if isinstance(value, Arr):
        value.items.insert(random.randrange(len(value.items) + 1), random.choice(WRONG))
    else:
        place.members[at] = (place.members[at][0], Arr([value]))


def _unlist(random: Random, place: Obj, here: Ways, _: Names) -> None:
    at = _pick(random, place, here)
    key, value = place.members[at]
    if isinstance(value, Arr) and value.items:
        place.members[at] = (key, value.items[0])
    else:
        place.members[at] = (key, Obj([(key, value)]))


def _drop(random: Random, place: Obj, here: Ways, _: Names) -> None:
    del place.members[_pick(random, place, here)]


def _shuffle(random: Random, place: Obj, _here: Ways, _: Names) -> None:
    random.shuffle(place.members)


def _foreign(random: Random, place: Obj, _here: Ways, names: Names) -> None:
    """A name that the row does not look for, such as that of a placeholder of the path."""
    word = random.choice(tuple(_FOREIGN))
    value = json.dumps(random.choice(names[_FOREIGN[word]]))
    _insert(random, place, json.dumps(word), value)


_FOREIGN = {
    "experiment_id": Handle.EXPERIMENT_ID,
    "run_id": Handle.RUN_ID,
    "run_uuid": Handle.RUN_ID,
    "model_id": Handle.LOGGED_MODEL_ID,
    "trace_id": Handle.TRACE_ID,
    "request_id": Handle.TRACE_ID,
    "dataset_id": Handle.DATASET_ID,
    "issue_id": Handle.ISSUE_ID,
    "job_id": Handle.OPTIMIZATION_JOB_ID,
    "name": Handle.MODEL_NAME,
    "artifact_path": Handle.ARTIFACT_PATH,
    "path": Handle.ARTIFACT_PATH,
}


def _stop(random: Random, place: Obj, _here: Ways, _: Names) -> None:
    """Something at which a parser may give up, mostly before anything that names."""
    key = random.choice(('"tags"', '"[a.b]"', '"params"', '"metrics"', '"user_id"', '"value"'))
    value = random.choice(('[{"key": 5}]', "5", "{}", "[1]", "[null]", '[{"value": {}}]'))
    place.members.insert(0, (key, value))


_CHANGES: tuple[Callable[[Random, Obj, Ways, Names], None], ...] = (
    _repeat,
    _escape,
    _camel,
    _look_alike,
    _wrong_value,
    _another_value,
    _wrong_item,
    _unlist,
    _drop,
    _shuffle,
    _foreign,
    _stop,
)


def raw(random: Random, body: Obj) -> bytes:
    """The bytes of a body that is not what it seems: in its encoding, or around it."""
    plain = text(body)
    return random.choice(_RAW)(plain)


_RAW: tuple[Callable[[str], bytes], ...] = (
    lambda plain: b"\xef\xbb\xbf" + plain.encode(),
    lambda plain: plain.encode("utf-16"),
    lambda plain: plain.encode("utf-16-le"),
    lambda plain: plain.encode("utf-32"),
    lambda plain: plain.encode("latin-1", "replace"),
    lambda plain: json.dumps(plain).encode(),
    lambda plain: json.dumps(json.dumps(plain)).encode(),
    lambda plain: f"[{plain}]".encode(),
    lambda plain: f"{plain} x".encode(),
    lambda plain: f"{plain}{plain}".encode(),
    lambda plain: plain.encode() + b"\0",
    lambda plain: plain.encode() + b"\xff",
    lambda plain: plain[:-1].encode(),
    lambda plain: f"{plain[:-1]},}}".encode(),
    lambda plain: f"// {plain}\n{plain}".encode(),
    lambda plain: plain.replace('"', "'").encode(),
    lambda plain: plain.replace('"', '"\\ud83d', 1).encode(),
    lambda plain: plain.replace(":", "=").encode(),
    lambda plain: f" \r\n\t{plain}\n".encode(),
    lambda plain: f"\x0b{plain}".encode(),
    lambda plain: f"\ufeff{plain}".encode(),
    lambda plain: f"\u00a0{plain}".encode(),
    lambda _: b"",
    lambda _: b"null",
    lambda _: b"{}",
    lambda _: b"[]",
    lambda _: b'""',
    lambda _: b"0",
)
