"""The words that generated layouts print: captions in many languages, months, names, places, states and decoys.

Separate from `kyc.labels`, the captions that the rules know: the tagger must read documents by more than that list.
Names are common words put together at random; nobody in particular is meant.
"""


def words(text: str) -> tuple[str, ...]:
    """The words of a list separated by spaces."""
    return tuple(text.split())


CAPTION_FIELDS = (
    "surname", "given_names", "number", "birth_date", "expiry_date", "issue_date", "sex", "nationality",
    "place_of_birth", "address", "personal_number", "authority",
)  # fmt: skip

# One line a language, captions in the order of CAPTION_FIELDS, several writings of one separated by a stroke.
_LANGUAGES = """
en: Surname|Last name|Family name; Given names|First names|Forenames|Given name(s); Passport No.|Document No.|Card number|ID No.|Licence number; Date of birth|Birth date|DOB; Date of expiry|Expiry date|Valid until|Expires; Date of issue|Issued on|Issue date; Sex|Gender; Nationality|Citizenship; Place of birth|Birthplace; Address|Permanent address|Residence; Personal No.|Personal number|National ID; Authority|Issuing authority|Issued by
fr: Nom|Nom de famille; Prénom(s)|Prénoms; No. du passeport|Numéro du document|N° de carte; Date de naissance|Né(e) le; Date d'expiration|Date d'expiry|Expire le; Date de délivrance|Délivré le; Sexe; Nationalité; Lieu de naissance; Adresse|Domicile; Numéro personnel|No. personnel; Autorité|Autorité de délivrance
de: Name|Familienname|Nachname; Vornamen|Vorname(n); Pass-Nr.|Ausweisnummer|Dokumentennummer; Geburtsdatum|Geburtstag|Geb. am; Gültig bis|Ablaufdatum; Ausstellungsdatum|Datum|Ausgestellt am; Geschlecht; Staatsangehörigkeit; Geburtsort; Anschrift|Wohnort|Adresse; Personalnummer|Pers. Kennzeichen; Behörde|Ausstellende Behörde
es: Apellidos|Primer apellido; Nombre|Nombres; Pasaporte No.|Num soporte|Número de documento; Fecha de nacimiento; Fecha de caducidad|Válido hasta|Fecha de vencimiento; Fecha de expedición|Fecha de emisión; Sexo; Nacionalidad; Lugar de nacimiento; Domicilio|Dirección; Número personal|DNI|CURP|RUN; Autoridad|Expedido por
it: Cognome; Nome|Nomi; Passaporto N.|Numero documento; Data di nascita; Data di scadenza|Scadenza; Data di rilascio|Emissione; Sesso; Cittadinanza; Luogo di nascita|Luogo e data di nascita; Residenza|Indirizzo di residenza; Codice fiscale; Autorità|Rilasciato da
pt: Apelido(s)|Sobrenome; Nome(s) próprio(s)|Nome; N.º do passaporte|N.º documento; Data de nascimento; Data de validade|Válido até; Data de emissão; Sexo; Nacionalidade; Local de nascimento|Naturalidade; Morada|Endereço; Número pessoal|CPF|NIF; Autoridade|Entidade emissora
nl: Naam|Achternaam|Geslachtsnaam; Voornamen|Voornaam; Documentnummer|Paspoort Nr.; Geboortedatum|Geboren; Geldig tot|Datum van afloop; Datum van afgifte|Afgegeven op; Geslacht; Nationaliteit; Geboorteplaats; Adres|Woonplaats; Persoonsnummer|BSN; Autoriteit|Afgegeven door
pl: Nazwisko; Imię|Imiona; Numer dokumentu|Nr paszportu|Numer dowodu; Data urodzenia; Data ważności|Termin ważności; Data wydania; Płeć; Obywatelstwo; Miejsce urodzenia; Adres zameldowania|Adres; PESEL|Numer osobowy; Organ wydający
ro: Nume|Nume de familie; Prenume; Nr. pașaport|Seria și numărul; Data nașterii; Data expirării|Valabil până la; Data eliberării|Data emiterii; Sexul|Sex; Cetățenia|Cetățenie; Locul nașterii|Loc naștere; Domiciliu|Adresa; Cod numeric personal|CNP; Autoritatea|Emisă de
sv: Efternamn; Förnamn; Passnr|Kortnummer; Födelsedatum|Född; Giltigt till|Sista giltighetsdag; Utfärdat|Utfärdandedatum; Kön; Medborgarskap|Nationalitet; Födelseort; Adress; Personnummer|Personnr; Myndighet|Utfärdande myndighet
da: Efternavn; Fornavne|Fornavn; Pasnr.|Kortnr.; Fødselsdato; Gyldig til|Udløbsdato; Udstedelsesdato|Udstedt; Køn; Statsborgerskab|Nationalitet; Fødested; Bopæl|Adresse; Personnr.|CPR-nr.; Myndighed|Udstedt af
no: Etternavn; Fornavn|Gitte navn; Passnr.|Dokumentnr.; Fødselsdato; Utløpsdato|Gyldig til; Utstedelsesdato|Utstedt; Kjønn; Statsborgerskap; Fødested; Adresse; Fødselsnummer|Personnr.; Myndighet|Utstedt av
fi: Sukunimi; Etunimet|Etunimi; Passi nro|Kortin numero; Syntymäaika; Viimeinen voimassaolopäivä|Voimassa; Myönnetty|Myöntämispäivä; Sukupuoli; Kansalaisuus; Syntymäpaikka; Osoite; Henkilötunnus; Viranomainen|Myöntäjä
et: Perekonnanimi|Nimi; Eesnimed|Eesnimi; Dokumendi number|Passi nr; Sünniaeg|Sünnikuupäev; Kehtiv kuni; Väljaandmise kuupäev; Sugu; Kodakondsus; Sünnikoht; Aadress; Isikukood; Väljaandja
lv: Uzvārds; Vārds|Vārdi; Pases Nr.|Dokumenta Nr.; Dzimšanas datums; Derīga līdz; Izdošanas datums; Dzimums; Pilsonība|Tautība; Dzimšanas vieta; Adrese; Personas kods; Izdevējiestāde
lt: Pavardė; Vardas|Vardai; Paso Nr.|Dokumento Nr.; Gimimo data; Galioja iki; Išdavimo data|Išduota; Lytis; Pilietybė; Gimimo vieta; Adresas; Asmens kodas; Įstaiga|Išdavė
cs: Příjmení; Jméno|Jména; Číslo pasu|Číslo dokladu; Datum narození; Platnost do|Datum skončení platnosti; Datum vydání; Pohlaví; Státní občanství; Místo narození; Bydliště|Trvalý pobyt; Rodné číslo|Osobní číslo; Vydal|Orgán
sk: Priezvisko; Meno|Mená; Číslo pasu|Číslo preukazu; Dátum narodenia; Platnosť do; Dátum vydania; Pohlavie; Štátna príslušnosť; Miesto narodenia; Adresa|Trvalý pobyt; Rodné číslo; Vydal
hu: Családi név|Név; Utónév|Utónevek; Útlevél száma|Okmányazonosító; Születési idő; Érvényességi idő|Lejárat; Kiállítás dátuma|Kiállítva; Nem; Állampolgárság; Születési hely; Lakcím; Személyi szám|Személyi azonosító; Kiállító hatóság
hr: Prezime; Ime|Imena; Broj putovnice|Broj osobne iskaznice; Datum rođenja; Vrijedi do; Datum izdavanja; Spol; Državljanstvo; Mjesto rođenja; Prebivalište|Adresa; OIB|Osobni broj; Izdao|Tijelo
sl: Priimek; Ime|Imena; Številka potnega lista; Datum rojstva; Datum poteka veljavnosti|Velja do; Datum izdaje; Spol; Državljanstvo; Kraj rojstva; Naslov|Prebivališče; EMŠO|Osebna številka; Pristojni organ|Izdal
tr: Soyadı; Adı; Pasaport No|Seri No; Doğum tarihi; Son geçerlilik tarihi|Geçerlilik; Veriliş tarihi|Düzenleme tarihi; Cinsiyeti; Uyruğu; Doğum yeri; Adres|İkametgah; T.C. Kimlik No|Kimlik no; Veren makam|Makam
el: Επώνυμο|EPONYMO; Όνομα|ONOMA; Αριθμός διαβατηρίου|AR. DIAVATIRIOU; Ημερομηνία γέννησης|IMER. GENNISIS; Ημερομηνία λήξης|IMER. LIXIS; Ημερομηνία έκδοσης|IMER. EKDOSIS; Φύλο|FYLO; Ιθαγένεια|ITHAGENEIA; Τόπος γέννησης|TOPOS GENNISIS; Διεύθυνση; ΑΦΜ; Εκδούσα αρχή|EKDOUSA ARCHI
ru: Фамилия|Familiya; Имя|Imya; Номер паспорта|Nomer pasporta; Дата рождения|Data rozhdeniya; Дата окончания срока действия; Дата выдачи|Data vydachi; Пол|Pol; Гражданство; Место рождения|Mesto rozhdeniya; Место жительства|Адрес; Личный номер|Идент. номер; Орган, выдавший документ|Кем выдан
uk: Прізвище|Prizvyshche; Ім'я|Imia; Паспорт №|Запис №; Дата народження; Дійсний до|Дата закінчення строку дії; Дата видачі; Стать; Громадянство; Місце народження; Місце проживання; РНОКПП|Унікальний номер; Орган, що видав
bg: Фамилия|Familno ime; Име|Ime; № на документа; Дата на раждане; Валидност|Валидна до; Дата на издаване; Пол; Гражданство; Място на раждане; Постоянен адрес; ЕГН; Издаден от|Орган
sr: Prezime; Ime; Broj pasoša|Reg. broj; Datum rođenja; Datum isteka|Važi do; Datum izdavanja; Pol; Državljanstvo; Mesto rođenja; Prebivalište; JMBG|Lični broj; Izdaje|Organ
id_latin: Apelyido|Apellido; Pangalan; Numero ng pasaporte|ID Blg.; Petsa ng kapanganakan; Petsa ng pagkawalang bisa; Petsa ng pagkakaloob; Kasarian; Nasyonalidad; Lugar ng kapanganakan; Tirahan; Numero ng tao; Awtoridad
"""  # noqa: E501

LANGUAGES: dict[str, dict[str, tuple[str, ...]]] = {
    code: dict(
        zip(
            CAPTION_FIELDS,
            (tuple(word.strip() for word in words.split("|")) for words in row.split(";")),
            strict=True,
        )
    )
    for code, row in (line.split(": ", 1) for line in _LANGUAGES.strip().splitlines())
}
"""Language to field to its writings."""

MONTHS = (
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "January February March April May June July August September October November December",
    "jan fév mars avr mai juin juil août sept oct nov déc",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "ian feb mar apr mai iun iul aug sep oct noi dec",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
)
"""Months by name, January first, as documents of several languages shorten or write them."""

SYLLABLES = words("""
ba be bo da de do ka ke ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se so ta te ti va vi za
""")
ENDINGS = words("""
ssen ström ová rez tti mann kis ley dal owski escu eira adze nen berg sson ic ez ard ino yan oğlu enko
""")
GIVEN = words("""
Anna Maria Eva Sofia Elena Laura Julia Sara Emma Olivia Ingrid Astrid Freja Aino Liisa Katarzyna Agnieszka Zofia Magda
Petra Jana Lucie Zuzana Ana Ivana Marija Ioana Andreea Irina Olga Natalia Svitlana Oksana Fatima Aisha Layla Yasmin
Zeynep Elif Mei Yuki Sakura Ji-woo Linh Priya Ananya Nkechi Amara Wanjiru Thandiwe Camila Valentina Isabel Carmen Rosa
Jan Peter Thomas Michael Hans Karl Lukas Felix Jonas Lars Erik Nils Mikko Juhani Piotr Tomasz Krzysztof Marek Pavel
Jiri Milan Ivan Marko Luka Stefan Mihai Andrei Dmitri Sergei Oleksandr Bohdan Ali Mohamed Omar Hassan Yusuf Mehmet
Emre Wei Hiroshi Kenji Min-jun Nguyen Arjun Rahul Chidi Kwame Kofi Sipho Carlos Luis Diego Javier Miguel Pedro Paulo
Giovanni Marco Antonio François Pierre Jean-Luc Étienne William James John Robert David Daniel George Charlotte Grace
Alice Willeke Specimen Erika Max Happy Ramon Noor Sven Aleksander Georgios Eleni Dimitra Nikos Zoltán László Ágnes
""")
SURNAMES = words("""
Müller Schmidt Weber Fischer Berg Hansen Nielsen Andersson Johansson Virtanen Korhonen Kowalski Nowak Wiśniewska Novák
Svoboda Horváth Nagy Tóth Popescu Ionescu Ivanova Petrov Kovalenko Shevchenko Yilmaz Demir Kaya Öztürk Smith Jones
Taylor Brown Walker Murphy O'Connor Martin Dubois Lefèvre Moreau Garcia Fernández López Rodríguez González Pérez Silva
Santos Ferreira Oliveira Costa Rossi Bianchi Ricci Esposito de-Vries van-den-Berg Jansen Bakker de-Bruijn Peeters
Papadopoulos Georgiou Haddad Khalil Al-Sayed Hussain Khan Ahmed Singh Patel Sharma Wang Li Zhang Chen Tanaka Suzuki
Kim Park Nguyen Tran Okafor Mensah Mwangi Ndlovu Traoré Diallo Mustermann Sample Specimen Doe Eriksson Lindqvist
Kārkliņš Bērziņš Kazlauskas Tamm Jovanović Marković Horvat Krasniqi Hoxha Georgiev Dimitrova Abdullah Rahman Castro
Vega Morales Castillo Rojas Quispe Flores Mendoza Almeida Carvalho Winkler Hofer Gruber Steiner Keller Meier Brunner
""")
PLACES = words("""
London Paris Berlin Madrid Roma Lisboa Amsterdam Warszawa Kraków București Stockholm København Oslo Helsinki Tallinn
Riga Vilnius Praha Bratislava Budapest Zagreb Ljubljana Ankara İzmir Athens Kyiv Lviv Sofia Beograd Utrecht Rotterdam
Specimen Köln München Hamburg Lyon Marseille Sevilla Valencia Porto Milano Napoli Gdańsk Brno Graz Wien Zürich Genève
Bern Dublin Cork Cardiff Leeds Boston Houston Denver Ottawa Toronto México Lima Bogotá Santiago Accra Lagos Nairobi
Cairo Tunis Rabat Dubai Doha Delhi Mumbai Manila Jakarta Hanoi Seoul Tokyo Sydney Perth Arlington Springfield
""")
STREETS = words("""
Hauptstrasse Bahnhofstr. Rue-de-la-Paix Avenue-Victor-Hugo Calle-Mayor Via-Roma Rua-Augusta Kerkstraat Dorpsstraat
ul.-Długa Storgatan Mannerheimintie Main-St Oak-Avenue High-Street Park-Road Elm-Drive Maple-Lane Church-Street Dlouhá
Kossuth-utca Ilica Atatürk-Cad. Str.-Libertății Market-Square Lindenweg Gartenstrasse Chestnut-Blvd
""")
STATES = """
D Germany DEUTSCH; FRA France FRANÇAISE; NLD Netherlands NEDERLANDSE; POL Poland POLSKIE; ITA Italy ITALIANA; ESP
Spain ESPAÑOLA; PRT Portugal PORTUGUESA; FIN Finland SUOMI; SWE Sweden SVENSK; NOR Norway NORSK; DNK Denmark DANSK;
GBR United-Kingdom BRITISH-CITIZEN; IRL Ireland IRISH; USA United-States UNITED-STATES-OF-AMERICA; CAN Canada
CANADIAN; AUS Australia AUSTRALIAN; NZL New-Zealand NEW-ZEALAND; CHE Switzerland SCHWEIZ; AUT Austria ÖSTERREICH;
BEL Belgium BELG; LUX Luxembourg LUXEMBOURGEOISE; CZE Czechia ČESKÁ-REPUBLIKA; SVK Slovakia SLOVENSKÁ-REPUBLIKA; HUN
Hungary MAGYAR; ROU Romania ROMÂNĂ; BGR Bulgaria BULGARIA; HRV Croatia HRVATSKO; SVN Slovenia SLOVENSKO; EST Estonia
EESTI; LVA Latvia LATVIJAS; LTU Lithuania LIETUVOS; GRC Greece HELLENIC; TUR Türkiye T.C./TUR; UKR Ukraine UKRAINE;
UTO Utopia UTOPIAN; MEX Mexico MEXICANA; BRA Brazil BRASILEIRO; IND India INDIAN; CHN China CHINESE; JPN Japan
JAPAN; KOR Korea REPUBLIC-OF-KOREA; NGA Nigeria NIGERIAN; GHA Ghana GHANAIAN; KEN Kenya KENYAN; ZAF South-Africa
SOUTH-AFRICAN; EGY Egypt EGYPTIAN; PHL Philippines FILIPINO; VNM Vietnam VIETNAM
"""
AUTHORITIES = """
Ministry-of-Interior; Passport-Office; HM-Passport-Office; Préfecture-de-Police; Stadt-Köln; Landratsamt-Freising;
Burg.-van-Utrecht; Ministero-Affari-Esteri; Dirección-General-de-la-Policía; SEF-Lisboa; Prezydent-m.st.-Warszawy;
Poliisi; Polisen; Politiet; Department-of-State; MV-SR; Úřad-města-Brna; KEKKH; SPCLEP-Sector-3; MUP-Zagreb;
UE-Ljubljana; DVLA; RDW; Gemeente-Rotterdam; Bezirkshauptmannschaft-Graz; 8013; IGA; MIA-2301; Migration-Service;
Immigration-Canada
"""
DECOYS = """
PASSPORT; PASSEPORT; REISEPASS; IDENTITY CARD; CARTE D'IDENTITÉ; PERSONALAUSWEIS; DRIVING LICENCE; PERMIS DE
CONDUIRE; FÜHRERSCHEIN; RESIDENCE PERMIT; TITRE DE SÉJOUR; VISA; EUROPEAN UNION; UNION EUROPÉENNE; REPUBLIC;
RÉPUBLIQUE; Type / Type; Code / Code; Country code; Height / Taille; Colour of eyes; Eyes; Signature of bearer;
Holder's signature; Unterschrift; Signature du titulaire; Remarks; Observations; See page 3; Not valid for travel;
Organ donor; Endorsements; Class; Categories; Restrictions; Conditions; NONE; Blood group; Marital status; Religion;
Card access; Valid for all countries; Number of entries; MULT; Duration of stay; Official; UTO UTO UTO; SPECIMEN;
www.example.org; This card remains the property of the state; If found return to; Date; Rh+; BRO; BLU; 178 cm;
5'-09"; 165 lb; 1,78 m; A2 B1 B; AM; P; PC; Type; Husband's name; Father's name; Mother's name; Profession;
Dependants; National emblem; e-passport; Veteran; CAN
"""


def entries(words: str) -> tuple[str, ...]:
    """The entries of a list separated by semicolons."""
    return tuple(" ".join(word.split()) for word in words.split(";") if word.strip())
