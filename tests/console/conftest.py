"""The console in front of a fresh database (Temporal as the API's tests fake it), and real ones for the browser."""

from typing import Any

import pytest

from tests.api.conftest import house, shared
from tests.api.house import PASSWORD, House, Tenant
from tests.console.browse import Browser

__all__ = ["house", "shared"]


@pytest.fixture
def sign_in(house: House) -> Any:
    """A signed-in browser without scripts: cookies are kept, forms are filled in as they are shown."""

    async def signed_in(login: str, tenant: Tenant | None = None) -> Browser:
        browser = Browser(house.anyone())
        page = await browser.get(f"/console/sign-in?tenant={(tenant or house.own).tenant_id}")
        after = await browser.submit(page, "/console/sign-in", login=login, password=PASSWORD)
        assert after.status_code == 303, after.text
        return browser

    return signed_in
