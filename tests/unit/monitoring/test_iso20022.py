"""Payment messages of ISO 20022, invented ones of several versions, and what a hostile file gets."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from aml.files import BrokenRow, FileUnreadable, read_transactions
from aml.money import Money
from aml.transaction import Channel, Transaction

URN = "urn:iso:std:iso:20022:tech:xsd:"


def written(folder: Path, version: str, body: str, before: str = "") -> Path:
    path = folder / f"{version}.xml"
    path.write_text(f'<?xml version="1.0"?>{before}<Document xmlns="{URN}{version}">{body}</Document>')
    return path


def read(path: Path) -> list[Transaction]:
    rows = list(read_transactions(path))
    assert all(isinstance(row, Transaction) for row in rows), rows
    return [row for row in rows if isinstance(row, Transaction)]


def pacs_008(agent: str) -> str:
    return f"""<FIToFICstmrCdtTrf>
      <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T09:30:00+01:00</CreDtTm></GrpHdr>
      <CdtTrfTxInf>
        <PmtId><InstrId>I1</InstrId><EndToEndId>NOTPROVIDED</EndToEndId><TxId>TX-1</TxId></PmtId>
        <PmtTpInf><LclInstrm><Cd>INST</Cd></LclInstrm></PmtTpInf>
        <IntrBkSttlmAmt Ccy="EUR">1250.75</IntrBkSttlmAmt><IntrBkSttlmDt>2026-03-02</IntrBkSttlmDt>
        <Dbtr><Nm>Invented Bakery</Nm><PstlAdr><Ctry>DE</Ctry></PstlAdr>
          <Id><OrgId><LEI>INVENTEDLEI000000001</LEI></OrgId></Id></Dbtr>
        <DbtrAcct><Id><IBAN>DE00 1111 2222 3333 4444 55</IBAN></Id></DbtrAcct>
        <DbtrAgt><FinInstnId><{agent}>INVTDEFFXXX</{agent}></FinInstnId></DbtrAgt>
        <CdtrAgt><FinInstnId><{agent}>INVTFRPPXXX</{agent}></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Invented Mill</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>990077</Id></Othr></Id></CdtrAcct>
        <Purp><Cd>GDDS</Cd></Purp>
      </CdtTrfTxInf>
    </FIToFICstmrCdtTrf>"""


@pytest.mark.parametrize(("version", "agent"), [("pacs.008.001.02", "BIC"), ("pacs.008.001.10", "BICFI")])
def test_an_interbank_payment_of_old_and_new_versions(tmp_path: Path, version: str, agent: str) -> None:
    assert read(written(tmp_path, version, pacs_008(agent))) == [
        Transaction(
            "TX-1",
            datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
            "DE00111122223333444455",
            "990077",
            Money(Decimal("1250.75"), "EUR"),
            Channel.INSTANT,
            debtor_country="DE",
            creditor_country="FR",
            purpose="GDDS",
            debtor_party="INVENTEDLEI000000001",
            debtor_bank="INVTDEFFXXX",
            creditor_bank="INVTFRPPXXX",
        )
    ]


def test_an_interbank_payment_that_was_instructed_in_another_currency(tmp_path: Path) -> None:
    body = pacs_008("BICFI").replace("<Dbtr>", '<InstdAmt Ccy="USD">1380.00</InstdAmt><Dbtr>')
    [payment] = read(written(tmp_path, "pacs.008.001.10", body))
    assert (payment.money, payment.counter_value) == (
        Money(Decimal("1250.75"), "EUR"),
        Money(Decimal("1380.00"), "USD"),
    )
    same = body.replace('<InstdAmt Ccy="USD">1380.00', '<InstdAmt Ccy="EUR">1251.75')
    assert read(written(tmp_path, "pacs.008.001.10", same))[0].counter_value is None
    [broken] = read_transactions(written(tmp_path, "pacs.008.001.10", body.replace("1380.00", "1380.001")))
    assert isinstance(broken, BrokenRow)
    assert (broken.column, "more decimals than USD has" in broken.problem) == ("InstdAmt", True)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        # Booked in the account's currency, paid in another.
        ('<TxDtls><Amt Ccy="USD">120.00</Amt>{party}</TxDtls>', [("120.00 USD", "100.00 EUR")]),
        (
            '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">120.00</Amt></InstdAmt></AmtDtls>{party}</TxDtls>',
            [("100.00 EUR", "120.00 USD")],
        ),
        # Of several, each has its own.
        (
            '<TxDtls><Amt Ccy="USD">60.00</Amt><AmtDtls><CntrValAmt><Amt Ccy="EUR">50.00</Amt></CntrValAmt></AmtDtls>'
            '{party}</TxDtls><TxDtls><Amt Ccy="USD">60.00</Amt>{party}</TxDtls>',
            [("60.00 USD", "50.00 EUR"), ("60.00 USD", None)],
        ),
        ("<TxDtls>{party}</TxDtls>", [("100.00 EUR", None)]),
    ],
)
def test_an_entry_in_the_accounts_currency_of_a_payment_in_another(
    tmp_path: Path, details: str, expected: list[tuple[str, str | None]]
) -> None:
    party = "<RltdPties><CdtrAcct><Id><Othr><Id>P1</Id></Othr></Id></CdtrAcct></RltdPties>"
    body = f"""<BkToCstmrStmt><Stmt><Id>S1</Id><Acct><Id><Othr><Id>OWN</Id></Othr></Id></Acct>
      <Ntry><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-02-01</Dt></BookgDt><NtryDtls>{details.format(party=party)}</NtryDtls></Ntry>
      </Stmt></BkToCstmrStmt>"""

    def said(money: Money | None) -> str | None:
        return None if money is None else f"{money.amount} {money.currency}"

    payments = read(written(tmp_path, "camt.053.001.08", body))
    assert [(said(payment.money), said(payment.counter_value)) for payment in payments] == expected


def pain_001(day: str) -> str:
    payment = """<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="USD">{amount}</InstdAmt></Amt><Cdtr><Nm>One</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>{account}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"""
    return f"""<CstmrCdtTrfInitn><GrpHdr><MsgId>P9</MsgId><CreDtTm>2026-03-05T16:00:00</CreDtTm></GrpHdr>
      <PmtInf><PmtInfId>A</PmtInfId><ReqdExctnDt>{day}</ReqdExctnDt>
        <DbtrAcct><Id><Othr><Id>111</Id></Othr></Id></DbtrAcct>
        {payment.format(amount="10", account="221")}{payment.format(amount="20.5", account="222")}</PmtInf>
      <PmtInf><PmtInfId>B</PmtInfId><ReqdExctnDt>{day}</ReqdExctnDt>
        <DbtrAcct><Id><Othr><Id>112</Id></Othr></Id></DbtrAcct>{payment.format(amount="30", account="223")}</PmtInf>
    </CstmrCdtTrfInitn>"""


@pytest.mark.parametrize(
    ("version", "day", "hour"),
    [
        ("pain.001.001.03", "2026-03-06", 0),
        ("pain.001.001.03", "2026-03-05", 16),
        ("pain.001.001.09", "<Dt>2026-03-06</Dt>", 0),
        ("pain.001.001.11", "<DtTm>2026-03-06T07:00:00Z</DtTm>", 7),
    ],
)
def test_an_order_of_several_payments_takes_its_debtor_from_its_group(
    tmp_path: Path, version: str, day: str, hour: int
) -> None:
    transactions = read(written(tmp_path, version, pain_001(day)))
    assert [(t.debtor_account, t.creditor_account, str(t.money.amount)) for t in transactions] == [
        ("111", "221", "10"),
        ("111", "222", "20.5"),
        ("112", "223", "30"),
    ]
    assert len({t.transaction_id for t in transactions}) == 3
    assert {t.booked_at.hour for t in transactions} == {hour}


ENTRIES = """
  <Ntry><Amt Ccy="EUR">90.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{booked}<BookgDt><Dt>2026-02-01</Dt></BookgDt>
    <AcctSvcrRef>R1</AcctSvcrRef>
    <NtryDtls><TxDtls><RltdPties><DbtrAcct><Id><Othr><Id>PAYER</Id></Othr></Id></DbtrAcct></RltdPties></TxDtls></NtryDtls>
  </Ntry>
  <Ntry><Amt Ccy="EUR">60.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{booked}
    <BookgDt><DtTm>2026-02-02T10:00:00Z</DtTm></BookgDt>
    <AcctSvcrRef>R2</AcctSvcrRef><NtryDtls>
      <TxDtls><Refs><UETR>u-1</UETR></Refs><Amt Ccy="EUR">20.00</Amt>
        <RltdPties><CdtrAcct><Id><Othr><Id>P1</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls>
      <TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">40.00</Amt></TxAmt></AmtDtls>
        <RltdPties><Cdtr><Pty><Id><OrgId><LEI>L2</LEI></OrgId></Id></Pty></Cdtr>
          <CdtrAcct><Id><Othr><Id>P2</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls>
    </NtryDtls></Ntry>
  <Ntry><Amt Ccy="EUR">500</Amt><CdtDbtInd>CRDT</CdtDbtInd>{booked}<BookgDt><Dt>2026-02-03</Dt></BookgDt>
    <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>CNTR</Cd><SubFmlyCd>CDPT</SubFmlyCd></Fmly></Domn></BkTxCd></Ntry>
  <Ntry><Amt Ccy="EUR">70</Amt><CdtDbtInd>CRDT</CdtDbtInd>{pending}<BookgDt><Dt>2026-02-03</Dt></BookgDt></Ntry>
  <Ntry><Amt Ccy="EUR">80</Amt><CdtDbtInd>CRDT</CdtDbtInd>{booked}<BookgDt><Dt>2026-02-04</Dt></BookgDt></Ntry>
"""


@pytest.mark.parametrize(
    ("version", "outer", "inner", "status"),
    [
        ("camt.053.001.02", "BkToCstmrStmt", "Stmt", "<Sts>{}</Sts>"),
        ("camt.053.001.08", "BkToCstmrStmt", "Stmt", "<Sts><Cd>{}</Cd></Sts>"),
        ("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn", "<Sts><Cd>{}</Cd></Sts>"),
    ],
)
def test_entries_of_an_account_in_both_directions_batched_in_cash_and_pending(
    tmp_path: Path, version: str, outer: str, inner: str, status: str
) -> None:
    entries = ENTRIES.format(booked=status.format("BOOK"), pending=status.format("PDNG"))
    own = (
        "<Acct><Id><IBAN>FR0099998888777766665555</IBAN></Id>"
        "<Svcr><FinInstnId><BICFI>INVTFRPP</BICFI></FinInstnId></Svcr></Acct>"
    )
    rows = list(
        read_transactions(
            written(tmp_path, version, f"<{outer}><{inner}><Id>S1</Id>{own}{entries}</{inner}></{outer}>")
        )
    )
    account = "FR0099998888777766665555"
    *transactions, broken = rows
    assert [
        (t.transaction_id, t.debtor_account, t.creditor_account, str(t.money.amount), t.channel)
        for t in transactions
        if isinstance(t, Transaction)
    ] == [
        (f"{account}:R1", "PAYER", account, "90.00", Channel.TRANSFER),
        ("u-1", account, "P1", "20.00", Channel.TRANSFER),
        (f"{account}:R2:1", account, "P2", "40.00", Channel.TRANSFER),
        (f"{account}:S1:4", "cash at INVTFRPP", account, "500", Channel.CASH_DEPOSIT),
    ]
    assert isinstance(transactions[2], Transaction)
    assert transactions[2].creditor_party == "L2"
    assert isinstance(broken, BrokenRow)
    assert broken.column == "DbtrAcct"
    assert broken.row > 1


def test_the_same_payment_in_a_statement_and_a_notification_has_one_id(tmp_path: Path) -> None:
    entry = ENTRIES.format(booked="", pending="<Sts>PDNG</Sts>").split("</Ntry>")[0] + "</Ntry>"
    own = "<Acct><Id><Othr><Id>ME</Id></Othr></Id></Acct>"
    one = written(tmp_path, "camt.053.001.02", f"<BkToCstmrStmt><Stmt>{own}{entry}</Stmt></BkToCstmrStmt>")
    two = written(
        tmp_path, "camt.054.001.02", f"<BkToCstmrDbtCdtNtfctn><Ntfctn>{own}{entry}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    )
    assert read(one) == read(two)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("1250.75", "-3", "Amt"),
        ('Ccy="EUR"', 'Ccy="XXQ"', "Amt"),
        ("<IntrBkSttlmDt>2026-03-02<", "<IntrBkSttlmDt>yesterday<", "date"),
        ("<Othr><Id>990077</Id></Othr>", "", "CdtrAcct"),
        ('<IntrBkSttlmAmt Ccy="EUR">1250.75</IntrBkSttlmAmt>', "", "IntrBkSttlmAmt"),
    ],
)
def test_a_payment_that_lacks_something_is_told_with_its_line(tmp_path: Path, old: str, new: str, column: str) -> None:
    body = pacs_008("BICFI")
    assert old in body
    row, *_ = read_transactions(written(tmp_path, "pacs.008.001.08", body.replace(old, new)))
    assert isinstance(row, BrokenRow)
    assert (row.column, row.row) == (column, 3)
    assert row.problem


def test_a_document_type_is_refused_before_anything_is_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    body = pacs_008("BIC").replace("TX-1", "&b;&f;")
    with pytest.raises(FileUnreadable, match="document type"):
        list(read_transactions(written(tmp_path, "pacs.008.001.02", body, before=bomb)))


def test_what_is_no_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"none of the messages pain\.001"):
        list(read_transactions(written(tmp_path, "pacs.004.001.02", "<PmtRtr/>")))
    (tmp_path / "broken.xml").write_text("<Document><a></Document>")
    with pytest.raises(FileUnreadable, match="not well-formed"):
        list(read_transactions(tmp_path / "broken.xml"))


def test_a_message_that_breaks_off_gives_what_came_before_and_says_where(tmp_path: Path) -> None:
    path = written(tmp_path, "pain.001.001.03", pain_001("2026-03-06"))
    path.write_text(path.read_text().replace("<PmtInfId>B</PmtInfId>", "<PmtInfId>B</Pmt"))
    first, second, broken = read_transactions(path)
    assert isinstance(first, Transaction)
    assert isinstance(second, Transaction)
    assert isinstance(broken, BrokenRow)
    assert "the rest of the file is not read" in broken.problem


def test_a_long_message_is_read_without_keeping_it(tmp_path: Path) -> None:
    payment = pacs_008("BIC").split("<CdtTrfTxInf>")[1].split("</CdtTrfTxInf>")[0]
    head = "<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-03-02T09:30:00Z</CreDtTm></GrpHdr>"
    body = "".join(f"<CdtTrfTxInf>{payment.replace('TX-1', f'TX-{i}')}</CdtTrfTxInf>" for i in range(2000))
    rows = read(written(tmp_path, "pacs.008.001.02", f"<FIToFICstmrCdtTrf>{head}{body}</FIToFICstmrCdtTrf>"))
    assert [row.transaction_id for row in rows] == [f"TX-{i}" for i in range(2000)]
