"""Data keys as routes need them: fetched wrapped, unwrapped in a thread, made for new subjects."""

import asyncio
from uuid import UUID

from api.services import Services
from store.connection import Connection
from store.subjects import fetch_wrapped_key
from vault.envelope import new_data_key


async def subject_key(connection: Connection, services: Services, tenant_id: UUID, subject_id: UUID) -> bytes:
    """The subject's data key. Raises `store.subjects.SubjectErased`."""
    wrapped = await fetch_wrapped_key(connection, subject_id)
    # In a thread: a key management service is a network call away.
    return await asyncio.to_thread(services.keys.unwrap, tenant_id, wrapped)


async def new_subject_key(services: Services, tenant_id: UUID) -> tuple[bytes, bytes]:
    """A fresh data key and the same wrapped."""
    data_key = new_data_key()
    return data_key, await asyncio.to_thread(services.keys.wrap, tenant_id, data_key)
