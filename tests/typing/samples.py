"""Identities of an app, for the files beside this one. Nobody runs any of them."""

from dataclasses import dataclass
from typing import NewType

from gatecast import (
    ConnectionIdentity,
    Index,
)

Serial = NewType("Serial", str)


@dataclass(frozen=True)
class Device:
    """An identity that has nothing in common with `ConnectionIdentity`."""

    serial: Serial


@dataclass(frozen=True)
class Visitor(ConnectionIdentity):
    """An identity that has all of `ConnectionIdentity` and more."""

    country: str = ""


SERIAL = Index[Device, Serial]("serial", str, lambda device: device.serial)
COUNTRY = Index[Visitor, str]("country", str, lambda visitor: visitor.country)
