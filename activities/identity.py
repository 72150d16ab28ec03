"""Reading and checking the applicant's documents: decoded in a child process, read in a thread, decided by a table."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from prometheus_client import Gauge
from temporalio import activity

import jurisdictions
from activities.applicants import Applicant, fetch_known
from activities.decoding import Decoded, decode
from activities.readings import KeptReading, keep_crops, keep_reading, open_readings
from activities.recording import DecisionRecorder, data_key, regime_of
from explain.record import DecisionKind, InputRef, RuleTable, sha256_hex
from jurisdictions import Regime
from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
from kyc.checks import code_of, cross_check
from kyc.document import DocumentReading, DocumentType, PortraitProof
from kyc.evidence import Crop, crops
from kyc.face_match import face_match_facts, face_match_table
from kyc.faces import FaceMatch
from kyc.tamper import with_original
from store import applications
from store import readings as links
from store.connection import Pool, tenant_transaction
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows import messages as m
from workflows.steps import IdentitySteps, RecordUnknown

ReadPage = Callable[[bytes, date], DocumentReading]
CompareFaces = Callable[[bytes, bytes], FaceMatch]

HEARTBEAT_SECONDS = 5.0
MEMORY = Gauge("clearance_reader_memory_bytes", "Resident memory of the process that reads documents (at most 2 GB).")


@dataclass(frozen=True, slots=True)
class IdentityActivities(IdentitySteps):
    """`read` reads one normalised page, `compare` two portraits; both compute and run in `readers`, whose size bounds
    how much a worker reads at once."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    recorder: DecisionRecorder
    read: ReadPage
    compare: CompareFaces
    readers: ThreadPoolExecutor
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    liveness_required: bool = False
    """Whether a selfie whose liveness nobody checked is for a person to look at."""
    portrait_proof: PortraitProof = "none"
    """What must show that the portrait is the holder's (`kyc.acceptance.AcceptanceParameters`)."""

    @activity.defn
    async def admit_application(self, application: m.OnboardingInput) -> m.Admission:
        as_of = self.clock()
        async with tenant_transaction(self.pool, application.tenant_id) as conn:
            row = await fetch_known(conn, application.application_id)
            documents = await applications.fetch_documents(conn, application.application_id)
            if row.state == "received":
                await applications.set_application_state(conn, application.application_id, "processing")
        regime = jurisdictions.regime(row.regime, as_of.date())
        return m.Admission(
            scope=m.Scope(application.tenant_id, regime.code, regime.version, as_of),
            document_ids=tuple(document.document_id for document in documents if document.kind == "document"),
            has_selfie=any(document.kind == "selfie" for document in documents),
        )

    @activity.defn
    async def read_document(self, document: m.DocumentRef) -> m.DocumentSummary:
        scope = document.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            application = await fetch_known(conn, document.application_id)
            row = await applications.fetch_document(conn, document.document_id)
            if row is None:
                raise RecordUnknown(f"document {document.document_id}")
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
        decoded = await self._decoded(scope.tenant_id, key, row)
        if decoded.problem:
            return m.DocumentSummary(document.document_id, False, False, (decoded.problem,), None)

        number, reading = await self._read_pages(decoded.pages, scope.as_of.date())
        reading, pieces = await self._looked_over(decoded, number, reading)
        applicant = Applicant.opened(application, key).to_check([reading])
        findings = cross_check([reading], applicant, scope.as_of.date())
        parameters = acceptance_parameters(regime_of(scope), self.portrait_proof)
        table = acceptance_table(parameters)
        decision = self.recorder.by_table(
            scope,
            DecisionKind.DOCUMENT_ACCEPTANCE,
            row.subject_id,
            f"application:{document.application_id}",
            table,
            dict(acceptance_facts(reading, findings, parameters)),
            (InputRef(f"document:{document.document_id}", row.sha256),),
        )

        kept_crops = await keep_crops(self.vault, scope.tenant_id, key, pieces)
        evidence = KeptReading(row.document_id, sha256_hex(decoded.pages[number]), reading, kept_crops)
        kept = await keep_reading(self.vault, scope.tenant_id, key, evidence)
        await self.recorder.register_table(table)
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            await links.link_reading(conn, row.document_id, kept)
            recorded = await self.recorder.append(conn, decision, key, f"read_document/{document.document_id}")
        return m.DocumentSummary(
            document_id=document.document_id,
            readable=True,
            accepted=recorded.outcome == "accept",
            codes=tuple(dict.fromkeys((*reading.codes, *(code_of(finding) for finding in findings)))),
            decision_id=recorded.decision_id,
            reading_sha256=kept,
        )

    @activity.defn
    async def check_application(self, application: m.ApplicationRead) -> m.CheckSummary:
        scope = application.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            row = await fetch_known(conn, application.application_id)
            key = await data_key(conn, self.keys, scope.tenant_id, row.subject_id)
            documents = await applications.fetch_documents(conn, application.application_id)
        kept = await open_readings(self.vault, scope.tenant_id, key, application.documents)
        readings = [each.reading for each in kept]
        selfie = next((document for document in documents if document.kind == "selfie"), None)
        face = None if selfie is None else await self._compare_faces(scope.tenant_id, key, kept, selfie)
        facts = Applicant.opened(row, key).to_check(readings)
        findings = cross_check(readings, facts, scope.as_of.date(), face)
        if selfie is not None and face is not None:
            pages = [InputRef("page", each.page_sha256) for each in kept]
            await self._decide_face(application, row.subject_id, key, face, (*pages, InputRef("selfie", selfie.sha256)))
        return m.CheckSummary(
            codes=tuple(dict.fromkeys(code_of(finding) for finding in findings)),
            # A selfie that was sent and could not be compared clears nobody: a person looks.
            face="not_checked" if face is None else self._face_table().outcome(face_match_facts(face)),
        )

    def _face_table(self) -> RuleTable:
        return face_match_table(liveness_required=self.liveness_required)

    async def _decide_face(
        self,
        application: m.ApplicationRead,
        subject_id: UUID,
        key: bytes,
        face: FaceMatch,
        inputs: tuple[InputRef, ...],
    ) -> None:
        """The comparison as a decision of its own, also where it found nothing amiss."""
        table, about = self._face_table(), f"application:{application.application_id}"
        await self.recorder.register_table(table)
        decision = self.recorder.by_table(
            application.scope, DecisionKind.FACE_MATCH, subject_id, about, table, dict(face_match_facts(face)), inputs
        )
        async with tenant_transaction(self.pool, application.scope.tenant_id) as conn:
            await self.recorder.append(conn, decision, key, "face_match")

    async def _decoded(self, tenant_id: UUID, key: bytes, document: applications.Document) -> Decoded:
        """The file's pages, kept in the vault and linked to the original."""
        original = await asyncio.to_thread(self.vault.get, tenant_id, key, document.sha256)
        decoded = await decode(original)
        for number, page in enumerate(decoded.pages):
            sha256 = await asyncio.to_thread(self.vault.put, tenant_id, key, page)
            async with tenant_transaction(self.pool, tenant_id) as conn:
                await applications.link_normalised(conn, document.document_id, number, sha256)
        return decoded

    async def _looked_over(
        self, decoded: Decoded, number: int, reading: DocumentReading
    ) -> tuple[DocumentReading, tuple[Crop, ...]]:
        """The reading with what the original file gives away, and the pieces of the page that it rests on."""
        page = decoded.pages[number]

        def look() -> tuple[DocumentReading, tuple[Crop, ...]]:
            return with_original(reading, page, decoded.original, number), crops(page, reading)

        async with heartbeats():
            looked = await asyncio.get_running_loop().run_in_executor(self.readers, look)
        MEMORY.set(resident_bytes())
        return looked

    async def _read_pages(self, pages: Sequence[bytes], as_of: date) -> tuple[int, DocumentReading]:
        """The page with a machine readable zone, else the first: its place in the file and what it says."""
        first: tuple[int, DocumentReading] | None = None
        for number, page in enumerate(pages):
            async with heartbeats():
                loop = asyncio.get_running_loop()
                reading = await loop.run_in_executor(self.readers, self.read, page, as_of)
            found = (number, reading)
            if reading.mrz is not None:
                return found
            first = first or found
        if first is None:
            raise AssertionError("a decoded file has a page")
        return first

    async def _compare_faces(
        self, tenant_id: UUID, key: bytes, kept: Sequence[KeptReading], selfie: applications.Document
    ) -> FaceMatch:
        decoded = await self._decoded(tenant_id, key, selfie)
        portrait = next((each for each in kept if each.reading.faces > 0), None)
        if decoded.problem:
            return FaceMatch("not_checked", None, f"the selfie cannot be opened: {decoded.problem}")
        if portrait is None:
            return FaceMatch("not_checked", None, "no document shows a portrait")
        page = await asyncio.to_thread(self.vault.get, tenant_id, key, portrait.page_sha256)
        async with heartbeats():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.readers, self.compare, page, decoded.pages[0])


def resident_bytes() -> int:
    """The memory that this process holds now; its peak where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def acceptance_parameters(regime: Regime, portrait_proof: PortraitProof = "none") -> AcceptanceParameters:
    """What the regime says of documents, and the deployment of portraits, in the acceptance table's terms."""
    return AcceptanceParameters(
        accepted_types=tuple(DocumentType(name) for name in regime.documents.value),
        reject_expired="document_expired" in regime.rejects.value,
        expiry_citation=regime.unexpired_document.citation,
        portrait_proof=portrait_proof,
    )


@asynccontextmanager
async def heartbeats() -> AsyncIterator[None]:
    """Tell Temporal that a long computation goes on, so that a dead worker is noticed within half a minute."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
