"""The base of all models of JSON-RPC messages: how strict they are about their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, TypeAlias, TypeGuard

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gatecast.errors import InvalidMessageError

__all__ = ["JsonrpcModel", "JsonrpcObject", "OptionalJsonrpcObject"]


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _check_object(value: object) -> object:
    if _is_mapping(value):
        return value
    raise PydanticCustomError("object", "Input should be an object")


# Strict about the keys but not about the container, so that any mapping is accepted.
_Dict: TypeAlias = Annotated[dict[str, object], Strict(strict=False)]
JsonrpcObject: TypeAlias = Annotated[_Dict, BeforeValidator(_check_object)]
"""A member that is an object; any mapping is accepted."""

# A default is not validated: None stands for an absent member, and a null is refused.
OptionalJsonrpcObject: TypeAlias = Annotated[_Dict | None, BeforeValidator(_check_object)]
"""A member that is an object or absent."""


class JsonrpcModel(BaseModel):
    """A message, or a part of one: strict, frozen, and open to unknown members."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        frozen=True,
        strict=True,
        # Pydantic's default writes NaN as null. Kept as it is, `to_json` can refuse it.
        ser_json_inf_nan="constants",
    )

    excluded_members: ClassVar[frozenset[str]] = frozenset()
    """The members that another kind of message has."""

    @classmethod
    def from_members(cls, members: Mapping[str, object]) -> Self:
        """Check `members` and make a message of them. Raises `InvalidMessageError`."""
        try:
            return cls.model_validate(dict(members))
        except ValidationError as error:
            raise InvalidMessageError(_describe(error)) from None

    @model_validator(mode="after")
    def _refuse_excluded_members(self) -> Self:
        excluded = self.excluded_members & (self.model_extra or {}).keys()
        if excluded:
            raise PydanticCustomError(
                "excluded_member",
                "{kind} can't have the member {names}",
                {"kind": type(self).__name__, "names": ", ".join(sorted(excluded))},
            )
        return self

    @model_serializer(mode="wrap")
    def _omit_absent_members(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        members: dict[str, object] = handler(self)
        for name in type(self).model_fields.keys() - self.model_fields_set:
            members.pop(name, None)
        return members


def _describe(error: ValidationError) -> str:
    """Which members are wrong, and how, without their values, which may be huge."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        ": ".join(filter(None, [".".join(map(str, detail["loc"])), detail["msg"]]))
        for detail in details
    )
