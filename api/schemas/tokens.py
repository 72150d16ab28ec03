"""Signing in, over the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.permissions import Role


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
    login: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1000)


class TokenOut(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (RFC 6750's name of the scheme)
    expires_in: int = Field(description="Seconds.")
    officer_id: UUID
    roles: list[Role]
