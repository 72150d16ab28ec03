"""Which country a list means: names, demonyms and codes to ISO 3166-1 alpha-2, as the lists and passports write them.

Kept apart because every list spells countries in its own way and all of them must compare equal afterwards.
"""

import re
import unicodedata
from functools import lru_cache

# alpha-2, alpha-3, names and demonyms. Source: ISO 3166-1, with the spellings of OFAC, UN, EU and UK lists.
_TABLE = """
AF AFG Afghanistan|Afghan|Afghani|Islamic Republic of Afghanistan
AL ALB Albania|Albanian
DZ DZA Algeria|Algerian
AD AND Andorra|Andorran
AO AGO Angola|Angolan
AG ATG Antigua and Barbuda
AR ARG Argentina|Argentine|Argentinian
AM ARM Armenia|Armenian
AU AUS Australia|Australian
AT AUT Austria|Austrian
AZ AZE Azerbaijan|Azerbaijani|Azeri
BS BHS Bahamas|The Bahamas|Bahamas, The|Bahamian
BH BHR Bahrain|Bahraini
BD BGD Bangladesh|Bangladeshi
BB BRB Barbados|Barbadian
BY BLR Belarus|Belarusian|Belorussia|Republic of Belarus
BE BEL Belgium|Belgian
BZ BLZ Belize|Belizean
BJ BEN Benin|Beninese
BM BMU Bermuda|Bermudian
BT BTN Bhutan|Bhutanese
BO BOL Bolivia|Bolivian|Bolivia (Plurinational State of)|Plurinational State of Bolivia
BA BIH Bosnia and Herzegovina|Bosnia-Herzegovina|Bosnia|Bosnian
BW BWA Botswana
BR BRA Brazil|Brazilian
BN BRN Brunei|Brunei Darussalam
BG BGR Bulgaria|Bulgarian
BF BFA Burkina Faso|Burkinabe
BI BDI Burundi|Burundian
KH KHM Cambodia|Cambodian
CM CMR Cameroon|Cameroonian
CA CAN Canada|Canadian
CV CPV Cape Verde|Cabo Verde
KY CYM Cayman Islands
CF CAF Central African Republic|Central African
TD TCD Chad|Chadian
CL CHL Chile|Chilean
CN CHN China|Chinese|People's Republic of China|China, People's Republic of
CO COL Colombia|Colombian
KM COM Comoros|Comorian|Comoran
CG COG Congo|Republic of the Congo|Congo, Republic of the|Congo (Brazzaville)
CD COD Democratic Republic of the Congo|Congo, Democratic Republic of the|Congo, The Democratic Republic Of The|DRC|Congolese|DR Congo|Zaire
CK COK Cook Islands
CR CRI Costa Rica|Costa Rican
CI CIV Cote d'Ivoire|Côte d'Ivoire|Ivory Coast|Cote d Ivoire|Ivorian
HR HRV Croatia|Croatian
CU CUB Cuba|Cuban
CW CUW Curacao
CY CYP Cyprus|Cypriot
CZ CZE Czech Republic|Czechia|Czech
DK DNK Denmark|Danish
DJ DJI Djibouti|Djiboutian
DM DMA Dominica|Dominican (Dominica)
DO DOM Dominican Republic|Dominican
EC ECU Ecuador|Ecuadorian
EG EGY Egypt|Egyptian
SV SLV El Salvador|Salvadoran
GQ GNQ Equatorial Guinea
ER ERI Eritrea|Eritrean
EE EST Estonia|Estonian
SZ SWZ Eswatini|Swaziland
ET ETH Ethiopia|Ethiopian
FJ FJI Fiji|Fijian
FI FIN Finland|Finnish
FR FRA France|French
GA GAB Gabon|Gabonese
GM GMB Gambia|The Gambia|Gambia, The|Gambian
GE GEO Georgia|Georgian
DE DEU Germany|German|Federal Republic of Germany
GH GHA Ghana|Ghanaian
GI GIB Gibraltar
GR GRC Greece|Greek
GD GRD Grenada
GT GTM Guatemala|Guatemalan
GG GGY Guernsey
GN GIN Guinea|Guinean
GW GNB Guinea-Bissau|Guinea Bissau
GY GUY Guyana|Guyanese
HT HTI Haiti|Haitian
HN HND Honduras|Honduran
HK HKG Hong Kong|China (Hong Kong)|Hong Kong SAR
HU HUN Hungary|Hungarian
IS ISL Iceland|Icelandic
IN IND India|Indian
ID IDN Indonesia|Indonesian
IR IRN Iran|Iranian|Iran (Islamic Republic of)|Iran, Islamic Republic of|Islamic Republic of Iran
IQ IRQ Iraq|Iraqi
IE IRL Ireland|Irish
IM IMN Isle of Man|Man, Isle of
IL ISR Israel|Israeli
IT ITA Italy|Italian
JM JAM Jamaica|Jamaican
JP JPN Japan|Japanese
JE JEY Jersey
JO JOR Jordan|Jordanian
KZ KAZ Kazakhstan|Kazakh|Kazakhstani
KE KEN Kenya|Kenyan
KP PRK North Korea|Korea, North|Democratic People's Republic of Korea|DPRK|North Korean|Korea, Democratic People's Republic of
KR KOR South Korea|Korea, South|Republic of Korea|South Korean|Korea, Republic of
XK XKX Kosovo|Kosovan|Kosovar
KW KWT Kuwait|Kuwaiti
KG KGZ Kyrgyzstan|Kyrgyz|Kyrgyz Republic|Kyrgyzstani
LA LAO Laos|Lao|Laotian|Lao People's Democratic Republic
LV LVA Latvia|Latvian
LB LBN Lebanon|Lebanese
LS LSO Lesotho
LR LBR Liberia|Liberian
LY LBY Libya|Libyan|Libyan Arab Jamahiriya
LI LIE Liechtenstein
LT LTU Lithuania|Lithuanian
LU LUX Luxembourg
MO MAC Macau|Macao
MK MKD North Macedonia|Macedonia|The Former Yugoslav Republic of Macedonia|Macedonia, The Former Yugoslav Republic of|Macedonian|North Macedonia, The Republic of
MG MDG Madagascar|Malagasy
MW MWI Malawi|Malawian
MY MYS Malaysia|Malaysian
MV MDV Maldives|Maldivian
ML MLI Mali|Malian
MT MLT Malta|Maltese
MH MHL Marshall Islands|Marshallese
MR MRT Mauritania|Mauritanian
MU MUS Mauritius|Mauritian
MX MEX Mexico|Mexican
FM FSM Micronesia|Federated States of Micronesia
MD MDA Moldova|Moldovan|Republic of Moldova|Moldova, Republic of
MC MCO Monaco
MN MNG Mongolia|Mongolian
ME MNE Montenegro|Montenegrin
MA MAR Morocco|Moroccan
MZ MOZ Mozambique|Mozambican
MM MMR Burma|Myanmar|Burmese
NA NAM Namibia|Namibian
NP NPL Nepal|Nepalese|Nepali
NL NLD Netherlands|The Netherlands|Dutch|Holland
NZ NZL New Zealand
NI NIC Nicaragua|Nicaraguan
NE NER Niger|Nigerien
NG NGA Nigeria|Nigerian
NO NOR Norway|Norwegian
OM OMN Oman|Omani
PK PAK Pakistan|Pakistani
PW PLW Palau
PS PSE Palestine|Palestinian|Palestinian Territories|State of Palestine|Palestinian Territory, Occupied|Region: Gaza|West Bank|Occupied Palestinian Territories
PA PAN Panama|Panamanian
PG PNG Papua New Guinea
PY PRY Paraguay|Paraguayan
PE PER Peru|Peruvian
PH PHL Philippines|The Philippines|Filipino
PL POL Poland|Polish
PT PRT Portugal|Portuguese
PR PRI Puerto Rico
QA QAT Qatar|Qatari
RO ROU Romania|Romanian
RU RUS Russia|Russian|Russian Federation|USSR
RW RWA Rwanda|Rwandan
KN KNA Saint Kitts and Nevis|St. Kitts and Nevis
LC LCA Saint Lucia|St. Lucia
VC VCT Saint Vincent and the Grenadines|St. Vincent and the Grenadines
WS WSM Samoa|Samoan
SM SMR San Marino
ST STP Sao Tome and Principe
SA SAU Saudi Arabia|Saudi|Saudi Arabian
SN SEN Senegal|Senegalese
RS SRB Serbia|Serbian|Serbia and Montenegro|Yugoslavia
SC SYC Seychelles
SL SLE Sierra Leone|Sierra Leonean
SG SGP Singapore|Singaporean
SK SVK Slovakia|Slovak
SI SVN Slovenia|Slovenian
SB SLB Solomon Islands
SO SOM Somalia|Somali
ZA ZAF South Africa|South African
SS SSD South Sudan|South Sudanese
ES ESP Spain|Spanish
LK LKA Sri Lanka|Sri Lankan
SD SDN Sudan|Sudanese|The Sudan
SR SUR Suriname|Surinamese
SE SWE Sweden|Swedish
CH CHE Switzerland|Swiss
SY SYR Syria|Syrian|Syrian Arab Republic
TW TWN Taiwan|Taiwanese|Taiwan, Province of China
TJ TJK Tajikistan|Tajik|Tajikistani
TZ TZA Tanzania|Tanzanian|United Republic of Tanzania|Tanzania, United Republic of
TH THA Thailand|Thai
TL TLS Timor-Leste|East Timor
TG TGO Togo|Togolese
TO TON Tonga|Tongan
TT TTO Trinidad and Tobago|Trinidadian
TN TUN Tunisia|Tunisian
TR TUR Turkey|Turkish|Turkiye|Türkiye
TM TKM Turkmenistan|Turkmen
TC TCA Turks and Caicos Islands
TV TUV Tuvalu
UG UGA Uganda|Ugandan
UA UKR Ukraine|Ukrainian
AE ARE United Arab Emirates|UAE|Emirati
GB GBR United Kingdom|UK|Great Britain|British|England|United Kingdom of Great Britain and Northern Ireland|Northern Ireland|Scotland|Wales
US USA United States|USA|United States of America|American|U.S.A.|U.S.
UY URY Uruguay|Uruguayan
UZ UZB Uzbekistan|Uzbek|Uzbekistani
VU VUT Vanuatu
VA VAT Holy See|Vatican City
VE VEN Venezuela|Venezuelan|Venezuela (Bolivarian Republic of)|Bolivarian Republic of Venezuela
VN VNM Vietnam|Viet Nam|Vietnamese
VG VGB Virgin Islands, British|British Virgin Islands
VI VIR U.S. Virgin Islands
YE YEM Yemen|Yemeni|Republic of Yemen
ZM ZMB Zambia|Zambian
ZW ZWE Zimbabwe|Zimbabwean
"""  # noqa: E501


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]+", " ", bare).strip()


def _read_table() -> tuple[dict[str, str], dict[str, str]]:
    names: dict[str, str] = {}
    titles: dict[str, str] = {}
    for line in _TABLE.strip().splitlines():
        alpha2, alpha3, spellings = line.split(" ", 2)
        code = alpha2.lower()
        titles[code] = spellings.split("|")[0]
        for spelling in (alpha2, alpha3, *spellings.split("|")):
            names.setdefault(_plain(spelling), code)
    names["d"] = "de"  # ICAO 9303-3: the passport code of Germany
    return names, titles


_BY_NAME, _TITLES = _read_table()
CODES = tuple(sorted(_TITLES))
"""Every alpha-2 code known, lower case."""


@lru_cache(maxsize=8192)
def country_code(text: str) -> str | None:
    """The lower-case alpha-2 code of a country as a list writes it, or None where it names none.

    Reads codes of two and three letters, names, demonyms, and the last part of `City, Country`.
    """
    plain = _plain(text)
    if not plain:
        return None
    found = _BY_NAME.get(plain) or _BY_NAME.get(plain.removeprefix("the ").removeprefix("republic of "))
    if found:
        return found
    if "(" in text:
        return country_code(text.split("(")[0])
    if "," in text:
        return country_code(text.rsplit(",", 1)[1])
    return None


def country_title(code: str) -> str:
    """The English name of a code; the code itself where it is not known."""
    return _TITLES.get(code.lower(), code)
