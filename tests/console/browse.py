"""A browser small enough to read: it keeps cookies and sends the forms of pages, and knows no scripts."""

import re
from dataclasses import dataclass
from html import unescape

import httpx
from lxml import html


@dataclass
class Browser:
    client: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def submit(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """Send the page's form of that action, its hidden fields as they are."""
        form = next(form for form in html.fromstring(page.text).forms if form.action == action)
        values = {name: value for name, value in form.fields.items() if value is not None}
        assert set(fields) <= set(form.fields), (fields, list(form.fields))
        return await self.client.post(action, data={**values, **fields})

    def token(self, page: httpx.Response) -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
        assert found is not None
        return found[1]


def words(page: httpx.Response) -> str:
    """What a person reads on it, in one line."""
    body = html.fromstring(page.text)
    for hidden in body.xpath("//script|//style|//dialog"):
        hidden.drop_tree()
    return " ".join(unescape(body.text_content()).split())
