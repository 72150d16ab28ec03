"""A list's new version over the whole stack: who is on it by now is found, an officer is asked, and it is on record."""

import csv
import io
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.watchlist_fetching import SourceRefused
from aml.screening.batch import load_watchlists
from clearance.client import wait_for
from clearance.demo_data import invented_applicant
from clearance.lists import load_lists
from tests.end_to_end.conftest import House, run
from tests.end_to_end.test_main_job import acted, settled

LISTED_AS = "999001"


def with_one_more(lists: Path, folder: Path, applicant: dict[str, Any]) -> Path:
    """The invented OFAC list with the applicant on it, in the authority's own format."""
    born = date.fromisoformat(applicant["birth_date"])
    line = io.StringIO()
    name = f"{applicant['surname'].upper()}, {applicant['given_names']}"
    blank = "-0- "
    csv.writer(line, lineterminator="\r\n").writerow(
        [LISTED_AS, name, "individual", "SDGT", *[blank] * 7, f"DOB {born:%d %b %Y}; Gender Male."]
    )
    folder.mkdir()
    for path in lists.glob("*.csv"):
        shutil.copy(path, folder)
    (folder / "sdn.csv").write_bytes((folder / "sdn.csv").read_bytes().rstrip(b"\x1a") + line.getvalue().encode())
    return folder


@pytest.fixture(scope="module")
def hit(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A customer who was on no list, and the case that a new version of one opened."""
    picture, applicant = invented_applicant(11, datetime.now(UTC).date())
    application = house.service.submit(applicant, [picture])["application_id"]
    approved = settled(house, application)
    assert approved["outcome"] == "approved", approved
    amended = with_one_more(house.lists, tmp_path_factory.mktemp("lists") / "amended", applicant)
    loaded = run(load_lists(house.stack.settings, [each for each in load_watchlists(amended) if "sdn" in each.name]))
    assert [(each.name, new) for each, new in loaded] == [("us_ofac_sdn", True)]
    customer = approved["customer_id"]

    def opened() -> Any:
        return house.rows(
            "SELECT c.case_id, s.screening_id FROM case_file c JOIN screening s "
            "ON c.about = 'screening:' || s.screening_id WHERE c.kind = 'screening' AND s.customer_id = %s",
            customer,
        )

    ((case_id, screening_id),) = wait_for(opened, "the case of a new hit", 300)
    return {"customer": customer, "case": str(case_id), "screening": str(screening_id)}


def test_a_customer_who_is_listed_later_is_found_and_officers_are_asked(house: House, hit: dict[str, Any]) -> None:
    hits = house.rows("SELECT entity_id, list_name FROM screening_hit WHERE screening_id = %s", hit["screening"])
    assert (f"ofac-{LISTED_AS}", "us_ofac_sdn") in hits
    seen = house.analyst.get(f"/v1/cases/{hit['case']}")
    assert (seen["kind"], seen["about"]) == ("screening", f"screening:{hit['screening']}")


def test_the_hit_is_a_decision_of_the_ledger_with_its_contributions(house: House, hit: dict[str, Any]) -> None:
    rows = house.rows(
        "SELECT d.decision_id FROM decision d JOIN leaf l USING (leaf_id) WHERE d.about = %s AND d.kind = 'screening'",
        f"customer:{hit['customer']}",
    )
    assert rows
    told = [house.analyst.get(f"/v1/decisions/{decision}") for (decision,) in rows]
    assert all(each["method"] == "additive_exact" and each["contributions"] for each in told)


def test_a_cleared_hit_is_remembered_for_this_record(house: House, hit: dict[str, Any]) -> None:
    claimed = acted(house.analyst, f"/v1/cases/{hit['case']}/claim", {})
    body = {
        "revision": claimed["revision"],
        "disposition": "false_positive",
        "false_positive_reason": "different_person",
        "reason": "Somebody else of this name.",
    }
    acted(house.analyst, f"/v1/cases/{hit['case']}/decide", body)
    approved = house.approver.get(f"/v1/cases/{hit['case']}")
    if approved["status"] != "closed":
        acted(house.approver, f"/v1/cases/{hit['case']}/approve", {"revision": approved["revision"]})

    def remembered() -> Any:
        return house.rows("SELECT entity_id FROM cleared_hit WHERE case_id = %s", hit["case"])

    assert (f"ofac-{LISTED_AS}",) in wait_for(remembered, "the cleared hit", 120)


def test_files_that_are_cut_off_are_refused_and_the_version_in_force_stays(house: House, tmp_path: Path) -> None:
    in_force = house.rows("SELECT list_name, sha256 FROM watchlist_check ORDER BY 1")
    shutil.copytree(house.lists, tmp_path / "cut")
    lines = (tmp_path / "cut" / "sdn.csv").read_bytes().split(b"\r\n")
    (tmp_path / "cut" / "sdn.csv").write_bytes(b"\r\n".join(lines[: len(lines) // 3]))
    with pytest.raises(SourceRefused, match=r"us_ofac_sdn: 1[0-9]{2} records .* probably cut off"):
        run(load_lists(house.stack.settings, load_watchlists(tmp_path / "cut")))
    assert house.rows("SELECT list_name, sha256 FROM watchlist_check ORDER BY 1") == in_force
