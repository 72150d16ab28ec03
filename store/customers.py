"""Customers, which approved applicants become, and the accounts tied to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


class AccountTaken(Exception):
    """The account is tied to another customer already."""


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: UUID
    tenant_id: UUID
    subject_id: UUID
    application_id: UUID
    rating: str
    """`low`, `medium` or `high`."""
    created_at: datetime
    sealed_profile: bytes | None


@dataclass(frozen=True, slots=True)
class Account:
    account_ref: str
    customer_id: UUID
    opened_at: datetime


async def create_customer(
    conn: Connection,
    tenant_id: UUID,
    customer_id: UUID,
    subject_id: UUID,
    application_id: UUID,
    rating: str,
    sealed_profile: bytes | None = None,
) -> UUID:
    """The id of the application's customer: `customer_id`, or that of the first run."""
    await conn.execute(
        "INSERT INTO customer (customer_id, tenant_id, subject_id, application_id, rating, sealed_profile) "
        "VALUES (%(customer_id)s, %(tenant_id)s, %(subject_id)s, %(application_id)s, %(rating)s, "
        "%(sealed_profile)s) "
        "ON CONFLICT (tenant_id, application_id) DO NOTHING",
        {
            "customer_id": customer_id,
            "tenant_id": tenant_id,
            "subject_id": subject_id,
            "application_id": application_id,
            "rating": rating,
            "sealed_profile": sealed_profile,
        },
    )
    customer = await fetch_customer_of_application(conn, application_id)
    assert customer is not None
    return customer.customer_id


async def fetch_customer(conn: Connection, customer_id: UUID) -> Customer | None:
    cursor = conn.cursor(row_factory=frozen_row(Customer))
    await cursor.execute(
        "SELECT customer_id, tenant_id, subject_id, application_id, rating, created_at, sealed_profile FROM customer "
        "WHERE customer_id = %s",
        (customer_id,),
    )
    return await cursor.fetchone()


async def fetch_customer_of_application(conn: Connection, application_id: UUID) -> Customer | None:
    cursor = conn.cursor(row_factory=frozen_row(Customer))
    await cursor.execute(
        "SELECT customer_id, tenant_id, subject_id, application_id, rating, created_at, sealed_profile FROM customer "
        "WHERE application_id = %s",
        (application_id,),
    )
    return await cursor.fetchone()


async def customers_of_subject(conn: Connection, subject_id: UUID) -> list[Customer]:
    """What a person became by their applications, oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Customer))
    await cursor.execute(
        "SELECT customer_id, tenant_id, subject_id, application_id, rating, created_at, sealed_profile FROM customer "
        "WHERE tenant_id = current_tenant() AND subject_id = %s ORDER BY created_at, customer_id",
        (subject_id,),
    )
    return await cursor.fetchall()


async def raise_rating(conn: Connection, customer_id: UUID, rating: str) -> bool:
    """Whether it was lower before; a rating that is as high already stays."""
    cursor = await conn.execute(
        "UPDATE customer SET rating = %(rating)s WHERE customer_id = %(customer_id)s "
        "AND array_position(%(order)s::text[], rating) < array_position(%(order)s::text[], %(rating)s)",
        {"rating": rating, "customer_id": customer_id, "order": ["low", "medium", "high"]},
    )
    return cursor.rowcount == 1


async def open_account(conn: Connection, tenant_id: UUID, account_ref: str, customer_id: UUID) -> bool:
    """Tie an account to a customer; whether it is new. Raises `AccountTaken` where another customer has it, and
    `psycopg.errors.ForeignKeyViolation` for an unknown customer."""
    cursor = await conn.execute(
        "INSERT INTO account (tenant_id, account_ref, customer_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (tenant_id, account_ref, customer_id),
    )
    if cursor.rowcount == 1:
        return True
    if (await known_accounts(conn, [account_ref])).get(account_ref) != customer_id:
        raise AccountTaken(account_ref)
    return False


async def known_accounts(conn: Connection, refs: Collection[str]) -> dict[str, UUID]:
    """The customer of each account that is known; the others are absent."""
    cursor = await conn.execute(
        "SELECT account_ref, customer_id FROM account WHERE tenant_id = current_tenant() AND account_ref = ANY(%s)",
        (list(refs),),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an account: the customer, whose data key seals what is said about it, whether their property is frozen
    for sanctions now, and their risk rating, whose customers are their peers."""

    customer_id: UUID
    subject_id: UUID
    frozen: bool
    rating: str


async def account_holders(conn: Connection, refs: Collection[str]) -> dict[str, Holder]:
    """The holder of each account that is known; the others are absent."""
    cursor = await conn.execute(
        "SELECT a.account_ref, a.customer_id, c.subject_id, EXISTS (SELECT FROM asset_freeze f "
        "WHERE f.tenant_id = c.tenant_id AND f.subject_id = c.subject_id AND f.lifted_at IS NULL), c.rating "
        "FROM account a JOIN customer c USING (tenant_id, customer_id) "
        "WHERE a.tenant_id = current_tenant() AND a.account_ref = ANY(%s)",
        (list(refs),),
    )
    return {row[0]: Holder(row[1], row[2], row[3], row[4]) for row in await cursor.fetchall()}


async def list_accounts(conn: Connection, customer_id: UUID) -> list[Account]:
    cursor = conn.cursor(row_factory=frozen_row(Account))
    await cursor.execute(
        "SELECT account_ref, customer_id, opened_at FROM account WHERE customer_id = %s ORDER BY account_ref",
        (customer_id,),
    )
    return await cursor.fetchall()
