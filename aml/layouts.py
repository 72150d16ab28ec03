"""The headers of transaction files that are understood, and how each one's cells become a transaction's fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aml.transaction import Channel


def parse_instant(text: str) -> datetime:
    """ISO 8601 as it stands; whether it has a zone is for the transaction to check. Raises ValueError."""
    return datetime.fromisoformat(text)


def _utc(pattern: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, pattern).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file. `columns` maps a transaction's field to the file's column; two columns are joined by a space.

    `words` translates cells by field, lower case (currency and country names, channels); a cell not among them stays as
    it is. `numbered` files have no ids: the row's number in the file becomes one. `rounded` says that amounts may carry
    more decimals than their currency has and are rounded half to even.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    instant: Callable[[str], datetime] = parse_instant
    numbered: bool = False
    rounded: bool = False
    label: str | None = None
    """The column that says whether it is laundering, for evaluation only."""
    label_kind: str | None = None

    def understands(self, header: tuple[str, ...]) -> bool:
        needed = {name for names in (self.columns[f] for f in REQUIRED if f in self.columns) for name in names}
        return needed <= set(header)


REQUIRED = ("transaction_id", "booked_at", "debtor_account", "creditor_account", "amount", "currency")
OPTIONAL = (
    "channel",
    "debtor_country",
    "creditor_country",
    "purpose",
    "debtor_party",
    "creditor_party",
    "debtor_bank",
    "creditor_bank",
    "branch",
    "debtor_segment",
    "creditor_segment",
)

COUNTER_VALUE = ("counter_amount", "counter_currency")
"""The payment's amount as it was booked in another currency; both or neither."""

OWN = Layout(
    "clearance",
    {name: (name,) for name in (*REQUIRED, *OPTIONAL, *COUNTER_VALUE)},
    label="label",
)
AMLSIM = Layout(
    "amlsim",
    {
        "transaction_id": ("tran_id",),
        "booked_at": ("tran_timestamp",),
        "debtor_account": ("orig_acct",),
        "creditor_account": ("bene_acct",),
        "amount": ("base_amt",),
        "channel": ("tx_type",),
    },
    defaults={"currency": "USD"},
    # Its types are drawn at random for payments between two accounts: a DEPOSIT is no cash.
    words={"channel": {"wire": "wire", "credit": "transfer", "deposit": "transfer", "transfer": "transfer"}},
    label="is_sar",
)

_AMLWORLD_CURRENCIES = {
    "us dollar": "USD",
    "euro": "EUR",
    "yuan": "CNY",
    "shekel": "ILS",
    "rupee": "INR",
    "yen": "JPY",
    "ruble": "RUB",
    "bitcoin": "XBT",
    "uk pound": "GBP",
    "canadian dollar": "CAD",
    "australian dollar": "AUD",
    "mexican peso": "MXN",
    "saudi riyal": "SAR",
    "swiss franc": "CHF",
    "brazil real": "BRL",
}
AMLWORLD = Layout(
    "amlworld",
    {
        "booked_at": ("Timestamp",),
        "debtor_account": ("From Bank", "Account"),
        "creditor_account": ("To Bank", "Account.1"),
        "amount": ("Amount Paid",),
        "currency": ("Payment Currency",),
        "channel": ("Payment Format",),
        "debtor_bank": ("From Bank",),
        "creditor_bank": ("To Bank",),
    },
    words={
        "currency": _AMLWORLD_CURRENCIES,
        "channel": {
            "cheque": "cheque",
            "credit card": "card",
            "ach": "transfer",
            "wire": "wire",
            "bitcoin": "crypto",
            "cash": "transfer",  # between two accounts of banks: it can be traced on
            "reinvestment": "other",
        },
    },
    instant=_utc("%Y/%m/%d %H:%M"),
    numbered=True,
    rounded=True,
    label="Is Laundering",
)

_SAML_D_CURRENCIES = {
    "uk pounds": "GBP",
    "dirham": "AED",
    "pakistani rupee": "PKR",
    "euro": "EUR",
    "us dollar": "USD",
    "swiss franc": "CHF",
    "naira": "NGN",
    "yen": "JPY",
    "turkish lira": "TRY",
    "mexican peso": "MXN",
    "moroccan dirham": "MAD",
    "albanian lek": "ALL",
    "indian rupee": "INR",
}
_SAML_D_COUNTRIES = {
    "uk": "GB",
    "uae": "AE",
    "pakistan": "PK",
    "usa": "US",
    "switzerland": "CH",
    "nigeria": "NG",
    "japan": "JP",
    "turkey": "TR",
    "mexico": "MX",
    "morocco": "MA",
    "albania": "AL",
    "india": "IN",
    "france": "FR",
    "germany": "DE",
    "italy": "IT",
    "spain": "ES",
    "austria": "AT",
    "netherlands": "NL",
}
SAML_D = Layout(
    "saml-d",
    {
        "booked_at": ("Date", "Time"),
        "debtor_account": ("Sender_account",),
        "creditor_account": ("Receiver_account",),
        "amount": ("Amount",),
        "currency": ("Payment_currency",),
        "channel": ("Payment_type",),
        "debtor_country": ("Sender_bank_location",),
        "creditor_country": ("Receiver_bank_location",),
    },
    words={
        "currency": _SAML_D_CURRENCIES,
        "debtor_country": _SAML_D_COUNTRIES,
        "creditor_country": _SAML_D_COUNTRIES,
        "channel": {
            "cash deposit": "cash_deposit",
            "cash withdrawal": "cash_withdrawal",
            "cheque": "cheque",
            "ach": "transfer",
            "cross-border": "wire",
            "credit card": "card",
            "debit card": "card",
        },
    },
    instant=_utc("%Y-%m-%d %H:%M:%S"),
    numbered=True,
    rounded=True,
    label="Is_laundering",
    label_kind="Laundering_type",
)

LAYOUTS = (OWN, AMLSIM, AMLWORLD, SAML_D)
CHANNELS = frozenset(Channel)


def mapped(columns: Mapping[str, str]) -> Layout:
    """A layout from a user's mapping of our fields to their columns, e.g. {"amount": "Betrag", "currency": "Whg"}.

    A field given as `=value` is a constant, e.g. {"currency": "=EUR"}.
    """
    return Layout(
        "mapping",
        {name: (column,) for name, column in columns.items() if not column.startswith("=")},
        defaults={name: value[1:] for name, value in columns.items() if value.startswith("=")},
        numbered="transaction_id" not in columns,
    )
