"""Country lists of the Financial Action Task Force, which both regimes build on, dated by their plenary."""

from datetime import date

from jurisdictions.countries import countries
from jurisdictions.regime import Cited

FATF_CALL_FOR_ACTION = Cited(
    countries("IR KP MM"),
    "FATF, High-Risk Jurisdictions subject to a Call for Action, 13 February 2026",
    date(2022, 10, 21),
)

FATF_INCREASED_MONITORING = Cited(
    countries("AO BG BO CD CI CM DZ HT KE KW LA LB MC NA NP PG SS SY VE VG VN YE"),
    "FATF, Jurisdictions under Increased Monitoring, 13 February 2026",
    date(2026, 2, 13),
)
