"""A small client of our own HTTP interfaces: what demo, benchmarks and end-to-end tests talk through."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx

from aml.transaction import Transaction

WAIT_SECONDS = 120.0


class RequestRefused(Exception):
    """The service answered with a problem; `status` and `problem` are its own."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            self.problem: dict[str, Any] = response.json()
        except ValueError:
            self.problem = {"detail": response.text}
        self.status = response.status_code
        errors = "; ".join(f"{each['pointer']} {each['detail']}" for each in self.problem.get("errors") or ())
        super().__init__(f"{self.status} {self.problem.get('code', '')}: {self.problem.get('detail', '')} {errors}")


class Caller:
    """One credential's view of a service."""

    def __init__(self, url: str, credential: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {credential}"}, timeout=60.0)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._http.get(path, params=query))

    def post(self, path: str, body: Any = None) -> Any:
        return self._answer(self._http.post(path, json=body))

    def submit(
        self,
        applicant: Mapping[str, Any],
        documents: Sequence[bytes],
        selfie: bytes | None = None,
        key: str | None = None,
    ) -> Any:
        """Submit an application; answers the 202's body."""
        files: list[tuple[str, Any]] = [("applicant", (None, json.dumps(applicant), "application/json"))]
        files += [("documents", (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(documents)]
        if selfie is not None:
            files.append(("selfie", ("selfie.jpg", selfie, "image/jpeg")))
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self._answer(self._http.post("/v1/applications", files=files, headers=headers))

    def send(self, transactions: Iterable[Transaction]) -> Any:
        """Send transactions to the engine."""
        return self.post("/v1/transactions", [_wire(transaction) for transaction in transactions])

    def _answer(self, response: httpx.Response) -> Any:
        if response.status_code >= 400:
            raise RequestRefused(response)
        return response.json()


def sign_in(url: str, tenant_id: UUID, login: str, password: str) -> Caller:
    """An officer's caller."""
    body = {"tenant_id": str(tenant_id), "login": login, "password": password}
    response = httpx.post(f"{url}/v1/tokens", json=body, timeout=30.0)
    if response.status_code >= 400:
        raise RequestRefused(response)
    return Caller(url, response.json()["access_token"])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Ask until the answer is truthy and return it. Raises `TimeoutError` naming what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.2)


def _wire(transaction: Transaction) -> dict[str, Any]:
    body = {
        "transaction_id": transaction.transaction_id,
        "booked_at": transaction.booked_at.isoformat(),
        "debtor_account": transaction.debtor_account,
        "creditor_account": transaction.creditor_account,
        "money": {"amount": str(transaction.money.amount), "currency": transaction.money.currency},
        "channel": transaction.channel.value,
        "debtor_country": transaction.debtor_country,
        "creditor_country": transaction.creditor_country,
        "branch": transaction.branch,
    }
    return {name: value for name, value in body.items() if value is not None}
