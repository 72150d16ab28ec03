"""Signing in, over the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.permissions import Role
from api.schemas.fields import Text


def _encodable(password: SecretStr) -> SecretStr:
    if any("\ud800" <= character <= "\udfff" for character in password.get_secret_value()):
        raise ValueError("is not text")
    return password


class LoginIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"tenant_id": "0b0c1f5e-2f0e-4e55-9a5e-1d0a6f3f5c11", "login": "analyst", "password": "…"},
            ]
        },
    )

    tenant_id: UUID
    login: Text
    password: Annotated[SecretStr, Field(max_length=1000), AfterValidator(_encodable)]


class TokenOut(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (RFC 6750's name of the scheme)
    expires_in: int = Field(description="Seconds.")
    officer_id: UUID
    roles: list[Role]
