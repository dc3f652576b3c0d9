"""What a record of an entity must look like, and where its personal values sit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quanyu.contracts import Entity, Personal, Record
from quanyu.errors import ConfigurationError

_ITEM = "[]"
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_STRICT: dict[str, Any] = {
    "text": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "object": dict,
    "array": list,
}
_MOST_LEARNED = 200
"""How many undeclared names of one place of a record are remembered."""

_EMPTY = (None, "")

_MANY_DIGITS = re.compile(r"\d{5,}")


@dataclass(slots=True)
class _Node:
    """One place in a record; `kind` is the declared type, or the one that the places below imply."""

    kind: str = ""
    is_optional: bool = True
    personal: Personal | None = None
    children: dict[str, _Node] = field(default_factory=dict)
    guarded: dict[str, _Node] = field(default_factory=dict)
    learned: set[str] = field(default_factory=set)

    def settle(self) -> None:
        """Derive, bottom up, what is not declared: type, necessity, and which children hold personal values."""
        for child in self.children.values():
            child.settle()
        if self.children and not self.kind:
            self.kind = "array" if _ITEM in self.children else "object"
            self.is_optional = all(child.is_optional for child in self.children.values())
        self.guarded = {name: child for name, child in self.children.items() if child.personal or child.guarded}

    def strict(self) -> Any:
        """The declared type for msgspec, which checks a record in C and refuses names that were never seen."""
        if _ITEM in self.children:
            kind: Any = list[self.children[_ITEM].strict()]  # type: ignore[misc]
        elif self.children:
            children = {**self.children, **dict.fromkeys(self.learned, _ANYTHING)}
            names = {f"f{number}": name for number, name in enumerate(children)}
            members = [
                (attribute, child.strict(), None) if child.is_optional else (attribute, child.strict())
                for attribute, child in zip(names, children.values(), strict=True)
            ]
            # msgspec wants the required ones first.
            members.sort(key=len)
            kind = msgspec.defstruct("Record", members, rename=names, gc=False, forbid_unknown_fields=True)
        else:
            kind = _STRICT.get(self.kind, Any)
        return kind | None if self.is_optional and kind is not Any else kind

    def may_hold_floats(self) -> bool:
        """Whether a value of the declared type may have a float in it, and so a NaN."""
        if self.children:
            return bool(self.learned) or any(child.may_hold_floats() for child in self.children.values())
        return self.kind not in {"text", "integer", "boolean"}

    def learn(self, value: Any) -> bool:
        """Note names that nobody declared, so that the next record with them is checked fast; whether there are any."""
        if isinstance(value, list) and _ITEM in self.children:
            return sum(self.children[_ITEM].learn(item) for item in value) > 0
        if not isinstance(value, dict) or not self.children:
            return False
        news = value.keys() - self.children.keys() - self.learned
        # An object that is keyed by ids has no names to be learnt.
        news = news if len(self.learned) + len(news) <= _MOST_LEARNED else set()
        self.learned |= news
        return bool(news) + sum(child.learn(value.get(name)) for name, child in self.children.items()) > 0


_ANYTHING = _Node()


class Shape:
    """The declarations of one entity, compiled to check and tokenise many records."""

    def __init__(self, entity: Entity) -> None:
        self._key = [path.split(".") for path in entity.key]
        self._version = entity.version.split(".") if entity.version else None
        names = [*entity.key, *([entity.version] if entity.version else [])]
        self._identifying = {name: name.split(".") for name in names}
        self._root = _Node()
        for path, declared in entity.fields.items():
            node = self._node(path)
            node.kind, node.is_optional = declared.removesuffix("?"), declared.endswith("?")
            if node.kind not in _TYPES:
                raise ConfigurationError(
                    f"entity {entity.name} declares {path} as {declared!r}.",
                    remedy=f"use one of {', '.join(_TYPES)}, with a trailing ? when it may be absent.",
                )
        for path in self._identifying:
            self._node(path)
        for path, personal in entity.personal.items():
            self._node(path).personal = personal
        self._root.settle()
        self._compile()

    def _compile(self) -> None:
        self._strict = self._root.strict()
        self.may_hold_floats = self._root.may_hold_floats()

    def _node(self, path: str) -> _Node:
        node = self._root
        for name in path.replace(_ITEM, f".{_ITEM}").split("."):
            node = node.children.setdefault(name, _Node())
        return node

    def check(self, record: Record, unknown: set[str]) -> list[str]:
        """Say what is missing or of another type, without values; add the names of undeclared fields to `unknown`."""
        problems: list[str] = []
        _check(self._root, record, "", problems, unknown)
        said = {problem.split(":")[0] for problem in problems}
        problems += [
            f"{name}: empty, and rows are told apart by it"
            for name, path in self._identifying.items()
            if name not in said and _value(record, path) in _EMPTY
        ]
        if not problems and self._root.learn(record):
            self._compile()
        return problems

    def fits(self, record: Record) -> bool:
        """Whether nothing is to be said of a record, found out fast: most records look like those before them."""
        try:
            msgspec.convert(record, self._strict)
        except msgspec.ValidationError:
            return False
        return all(_value(record, path) not in _EMPTY for path in self._identifying.values())

    def tokenised(self, record: Record, token_of: Callable[[Personal, str], str]) -> Record:
        """Return the record with every declared personal value replaced; the given one stays as it is."""
        if type(record) is not dict:  # a platform said something else; it is refused all the same
            return record
        clean = record.copy()
        for name, child in self._root.guarded.items():
            value = clean.get(name)
            # Most personal values are texts of the record itself; the long way costs three calls more.
            if type(value) is str and child.personal is not None:
                clean[name] = token_of(child.personal, value) if value.strip() else None
            elif value is not None:
                clean[name] = _replaced(child, value, token_of)
        return clean

    def key(self, record: Record) -> str:
        """The record's key, of a record that was tokenised."""
        if len(self._key) == 1:
            return str(_value(record, self._key[0]))
        return "|".join([str(_value(record, path)) for path in self._key])

    def version(self, record: Record) -> str | None:
        """The platform's change time as text; None when the entity declares none."""
        return str(_value(record, self._version)) if self._version else None


def _value(record: Record, path: list[str]) -> Any:
    value: Any = record
    for name in path:
        value = value.get(name) if type(value) is dict else None
    return value


def _check(node: _Node, value: Any, path: str, problems: list[str], unknown: set[str]) -> None:
    if value is None:
        if not node.is_optional:
            problems.append(f"{path}: null, expected {node.kind}")
        return
    if node.kind and not _is_a(value, node.kind):
        problems.append(f"{path}: expected {node.kind}, got {_type_name(value)}")
        return
    if _ITEM in node.children:
        for item in value:
            _check(node.children[_ITEM], item, path + _ITEM, problems, unknown)
    elif node.children:
        _check_members(node, value, path, problems, unknown)


def _check_members(node: _Node, value: Record, path: str, problems: list[str], unknown: set[str]) -> None:
    prefix = f"{path}." if path else ""
    for name, child in node.children.items():
        if name in value:
            _check(child, value[name], prefix + name, problems, unknown)
        elif not child.is_optional:
            problems.append(f"{prefix}{name}: missing")
    # A platform may key an object by phone or id: such a name is a value.
    unknown.update(prefix + _MANY_DIGITS.sub("#", name) for name in value.keys() - node.children.keys())


def _is_a(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _type_name(value: Any) -> str:
    return next((kind for kind in ("boolean", "integer", *_TYPES) if _is_a(value, kind)), "null")


def _replaced(node: _Node, value: Any, token_of: Callable[[Personal, str], str]) -> Any:
    if node.personal is not None:
        return _tokens(node.personal, value, token_of)
    if _ITEM in node.guarded and isinstance(value, list):
        return [_replaced(node.guarded[_ITEM], item, token_of) for item in value]
    if node.guarded and isinstance(value, dict):
        return value | {
            name: _replaced(child, value[name], token_of) for name, child in node.guarded.items() if name in value
        }
    return value


def _tokens(kind: Personal, value: Any, token_of: Callable[[Personal, str], str]) -> Any:
    """Tokens in the place of whatever stands there: a changed type must not let a value through in clear."""
    if type(value) is str:
        return token_of(kind, value) if value.strip() else None
    if isinstance(value, list):
        return [_tokens(kind, item, token_of) for item in value]
    text = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value)
    return None if value is None or not text.strip() else token_of(kind, text)
