"""The procedure of files that come in on a case: the case learns of an answer, the files become pages."""

from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import policies
    from workflows.case import CaseWorkflow
    from workflows.steps_desk import DeskSteps
    from workflows.visibility import show_case, show_state, show_tenant


@workflow.defn
class EvidenceWorkflow:
    """Tell the case of its applicant's answer, then decode file after file as documents are decoded."""

    @workflow.run
    async def run(self, evidence: m.EvidenceInput) -> m.EvidenceResult:
        show_tenant(evidence.tenant_id)
        show_case(evidence.case_id)
        told = evidence.request_id is not None and await self._tell(evidence.case_id, evidence.request_id)
        show_state("reading", f"Decoding {len(evidence.evidence_ids)} file(s).")
        decoded = [
            await workflow.execute_activity_method(
                DeskSteps.decode_evidence,
                m.EvidenceRef(evidence.tenant_id, evidence.case_id, evidence_id),
                summary=f"Decode file {number} of {len(evidence.evidence_ids)}",
                **policies.DECODING,
            )
            for number, evidence_id in enumerate(evidence.evidence_ids, start=1)
        ]
        show_state("concluded", "The files are on the case.")
        return m.EvidenceResult(evidence.case_id, tuple(decoded), told)

    async def _tell(self, case_id: UUID, request_id: UUID) -> bool:
        """Whether the case took it. One that is closed cannot, and shows the files all the same."""
        case: workflow.ExternalWorkflowHandle[CaseWorkflow] = workflow.get_external_workflow_handle_for(
            CaseWorkflow.run, m.case_workflow_id(case_id)
        )
        try:
            await case.signal(CaseWorkflow.applicant_answered, m.RequestAnswered(request_id))
        except FailureError:
            return False
        return True
