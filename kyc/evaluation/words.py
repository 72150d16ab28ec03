"""What evaluation documents are written with: languages, months, names, places and states of which training generators
and the rules' captions know nothing, in Latin, Cyrillic and Greek letters. Nobody in particular is meant.
"""

from kyc.labels import CAPTION_FIELDS

_LANGUAGES = """
en: Surname; Given names; Document number; Date of birth; Date of expiry; Date of issue; Sex; Nationality; Place of birth; Permanent address; Personal number; Issuing authority
is: Eftirnafn; Eiginnöfn; Númer vegabréfs; Fæðingardagur; Gildir til; Útgáfudagur; Kyn; Ríkisfang; Fæðingarstaður; Heimili; Kennitala; Útgefandi
sq: Mbiemri; Emri; Nr. i pasaportës; Datëlindja; Data e skadimit; Data e lëshimit; Gjinia; Shtetësia; Vendlindja; Vendbanimi; Numri personal; Lëshuar nga
in: Nama keluarga; Nama depan; Nomor paspor; Tanggal lahir; Berlaku hingga; Tanggal pengeluaran; Jenis kelamin; Kewarganegaraan; Tempat lahir; Alamat; NIK; Kantor yang mengeluarkan
sw: Jina la ukoo; Majina; Nambari ya pasipoti; Tarehe ya kuzaliwa; Mwisho wa kutumika; Tarehe ya kutolewa; Jinsia; Uraia; Mahali pa kuzaliwa; Anwani; Nambari ya kitambulisho; Mamlaka
ca: Cognoms; Nom; Número de document; Data de naixement; Data de caducitat; Data d'expedició; Sexe; Nacionalitat; Lloc de naixement; Domicili; Número personal; Autoritat
cy: Cyfenw; Enwau; Rhif y pasbort; Dyddiad geni; Dyddiad dod i ben; Dyddiad cyhoeddi; Rhyw; Cenedligrwydd; Man geni; Cyfeiriad; Rhif personol; Awdurdod
ga: Sloinne; Réamhainm; Uimhir phas; Dáta breithe; As feidhm; Dáta eisiúna; Gnéas; Náisiúntacht; Áit bhreithe; Seoladh; Uimhir phearsanta; Údarás
mt: Kunjom; Isem; Numru tal-passaport; Data tat-twelid; Data ta' skadenza; Data tal-ħruġ; Sess; Ċittadinanza; Post tat-twelid; Indirizz; Numru personali; Awtorità
az: Soyadı; Adı; Pasportun nömrəsi; Doğulduğu tarix; Etibarlıdır; Verilmə tarixi; Cinsi; Vətəndaşlığı; Doğulduğu yer; Ünvan; Fərdi nömrə; Pasportu verən orqan
eu: Abizena; Izena; Agiri zenbakia; Jaiotze data; Iraungitze data; Jaulkitze data; Sexua; Naziotasuna; Jaioterria; Helbidea; Zenbaki pertsonala; Agintaritza
vi: Họ; Tên; Số hộ chiếu; Ngày sinh; Có giá trị đến; Ngày cấp; Giới tính; Quốc tịch; Nơi sinh; Địa chỉ; Số định danh; Cơ quan cấp
mk: Презиме; Име; Број на пасош; Датум на раѓање; Важи до; Датум на издавање; Пол; Државјанство; Место на раѓање; Адреса; Матичен број; Орган
be: Прозвішча; Імя; Нумар пашпарта; Дата нараджэння; Сапраўдны да; Дата выдачы; Пол; Грамадзянства; Месца нараджэння; Адрас; Ідэнтыфікацыйны нумар; Орган выдачы
gr: Επώνυμο κατόχου; Κύριο όνομα; Αρ. εγγράφου; Ημ/νία γεννήσεως; Ισχύει έως; Ημ/νία εκδόσεως; Φύλο; Υπηκοότητα; Γενέτειρα; Κατοικία; Προσ. αριθμός; Αρχή
"""  # noqa: E501

LANGUAGES: dict[str, dict[str, tuple[str, ...]]] = {
    code: dict(zip(CAPTION_FIELDS, ((word.strip(),) for word in row.split(";")), strict=True))
    for code, row in (line.split(": ", 1) for line in _LANGUAGES.strip().splitlines())
}
MONTHS = (
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "JAN FEB MAR APR MAI JUN JUL AGO SET OKT NOV DES",
    "gen feb març abr maig juny jul ag set oct nov des",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
)
GIVEN = tuple(
    """
    Guðrún Sigurður Björk Einar Blerina Arben Drita Ilir Siti Budi Dewi Agus Wayan Achieng Baraka Neema Juma Montserrat
    Jordi Núria Oriol Rhiannon Gareth Siân Aled Niamh Cormac Saoirse Eoin Ġorġ Marija-Tereża Leyla Tural Aysel Rəşad
    Ainhoa Iker Nerea Unai Tuấn Hương Biljana Goran Alesia Yauhen Despina Spyros Astrid-Lovisa Theodora Wilhelmina
    Benedikt Ophelia Barnaby Rosalind Percival Tamsin Lysander Isolde
    """.split()  # noqa: SIM905
)
SURNAMES = tuple(
    """
    Jónsdóttir Þorsteinsson Ægisdóttir Gjoka Berisha Zogu Wijaya Santoso Pratiwi Kusuma Mwakyusa Odhiambo Kiplagat
    Puigdomènech Vilanova Casals Llewellyn Gruffydd Ap-Rhys Ó-Súilleabháin Ní-Bhriain Mac-Aodha Borġ Ċamilleri Żahra
    Əliyev Məmmədova Etxeberria Goikoetxea Nguyễn-Phúc Trương Ristovski Trajkovska Lukashuk Karpovich Papanikolaou
    Karagiannis Featherstonehaugh Cholmondeley Vandermeersch Oppenheimer Quetzalcoatl Ximénez Zwolińska Brückner
    Ångström Ødegaard Strauß Åkesson
    """.split()  # noqa: SIM905
)
PLACES = tuple(
    """
    Reykjavík Akureyri Tirana Durrës Bandung Surabaya Mwanza Arusha Girona Tarragona Aberystwyth Swansea Galway Sligo
    Valletta Mosta Bakı Gəncə Bilbao Donostia Huế Skopje Bitola Minsk Brest Patras Larissa Truro Penzance
    """.split()  # noqa: SIM905
)
STATES = (
    ("ISL", "ÍSLENSKUR"), ("ALB", "SHQIPTARE"), ("IDN", "INDONESIA"), ("TZA", "TANZANIAN"), ("AND", "ANDORRANA"),
    ("GBR", "BRITISH CITIZEN"), ("IRL", "ÉIREANNACH"), ("MLT", "MALTIJA"), ("AZE", "AZERBAIJAN"), ("VNM", "VIETNAMESE"),
    ("MKD", "MACEDONIAN"), ("BLR", "BELARUS"), ("GRC", "HELLENIC"), ("UTO", "UTOPIAN"), ("CRI", "COSTARRICENSE"),
    ("NAM", "NAMIBIAN"), ("LKA", "SRI LANKAN"), ("URY", "URUGUAYA"),
)  # fmt: skip
"""ICAO code and nationality as printed."""
AUTHORITIES = (
    "Þjóðskrá",
    "MPB Tiranë",
    "Kanim Bandung",
    "Uhamiaji",
    "Govern",
    "HMPO",
    "Oifig na bPas",
    "DIN 7",
    "1204",
)
DECOYS = (
    "VEGABRÉF", "PASAPORTË", "PASPOR", "PASIPOTI", "PASSAPORT", "PASBORT", "PAS", "PASPORT", "PASAPORTEA", "HỘ CHIẾU",
    "Umur", "Hæð / Height", "Gjatësia", "Tinggi", "Golongan darah", "Sahihi ya mwenyewe", "Signatura",
    "Llofnod", "Síniú",
    "SPECIMEN 0001", "Valid worldwide", "Serial 40213377", "Chip", "Firma", "Urefu 171 cm", "See overleaf", "eID",
)  # fmt: skip
CYRILLIC = dict(
    zip(
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split(),  # noqa: SIM905
        "А Б Ц Д Е Ф Г Х И Ј К Л М Н О П К Р С Т У В В Х Ы З".split(),  # noqa: SIM905
        strict=True,
    )
)
GREEK = dict(
    zip(
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split(),  # noqa: SIM905
        "Α Β Κ Δ Ε Φ Γ Η Ι Ι Κ Λ Μ Ν Ο Π Κ Ρ Σ Τ Υ Β Ω Ξ Υ Ζ".split(),  # noqa: SIM905
        strict=True,
    )
)
"""How a Latin name is shown a second time in the national script."""
