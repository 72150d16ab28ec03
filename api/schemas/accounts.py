"""Accounts over the wire."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.schemas.fields import Text


class AccountIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"account": "acc-1001", "customer_id": "0b0c1f5e-2f0e-4e55-9a5e-1d0a6f3f5c11"}],
        },
    )

    account: Text
    customer_id: UUID


class AccountOut(BaseModel):
    account: str
    customer_id: UUID
