"""Settings: one frozen class per function, read from its environment and nowhere else.

A class's fields are exactly the variables that the template gives the function; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Settings = TypeVar("Settings", bound=_Dataclass)


class SettingsError(Exception):
    """The environment lacks variables, or holds one that is not a number where a number is needed."""


def from_env(kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """The settings of the class `kind`: field `table_name` from TABLE_NAME, whole numbers where it says int.

    Raises SettingsError that names every variable at fault.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in fields(kind):
        name = field.name.upper()
        if name not in environ:
            faults.append(f"{name} is missing")
        elif field.type == "int":
            if environ[name].isdecimal():
                values[field.name] = int(environ[name])
            else:
                faults.append(f"{name} is not a whole number")
        else:
            values[field.name] = environ[name]
    if faults:
        raise SettingsError(", ".join(faults))
    return kind(**values)
