"""The captions that documents print beside their fields, in the languages of the states that issue them."""

from kyc.names import transliterate

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

_MORE = {
    "surname": """
        surname, last name, family name, nom, nom de famille, name, familienname, nachname, apellidos,
        apellido, primer apellido, cognome, sobrenome, apelido, apelidos, achternaam, naam, nazwisko, nume,
        efternamn, etternavn, efternavn, sukunimi, prijmeni, priezvisko, csaladi nev, prezime, priimek,
        soyadi, uzvards, pavarde, perekonnanimi, familiya, surname of holder""",
    "given_names": """
        given names, given name, first name, first names, forenames, prenom, prenoms, prenom s, vorname,
        vornamen, nombre, nombres, nome, nomi, nomes, voornamen, voornaam, imie, imiona, imie imiona, prenume,
        fornamn, fornavn, etunimet, jmeno, meno, utonev, uto nev, ime, adi, vards, vardas, eesnimed, imya""",
    "number": """
        passport no, passport number, no du passeport, numero du passeport, passeport no, pass nr, reisepass
        nr, passnummer, document no, document number, document nr, id no, identity card no, card no, card
        number, ausweisnummer, numero de pasaporte, pasaporte no, num soporte, idesp, numero di passaporto,
        passaporto n, numero do passaporte, documentnummer, numer paszportu, nr dokumentu, numar pasaport,
        passi nro, visa no, visa number, licence no, license no, dln, dl no, cislo pasu, utlevel szama, nummer""",
    "birth_date": """
        date of birth, birth date, dob, date de naissance, nee le, ne le, geburtsdatum, geburtstag, fecha de
        nacimiento, data di nascita, data de nascimento, geboortedatum, data urodzenia, data nasterii,
        fodelsedatum, fodselsdato, syntymaaika, datum narozeni, szuletesi ido, datum rodjenja, dogum tarihi""",
    "expiry_date": """
        date of expiry, expiry date, expires, exp, valid until, date d expiration, date d expiration, gultig
        bis, gueltig bis, fecha de caducidad, valido hasta, data di scadenza, scadenza, data de validade,
        valido ate, geldig tot, data waznosci, data uplywu waznosci, data expirarii, valabil pana la, giltigt
        till, sista giltighetsdag, utlopsdato, gyldig til, viimeinen voimassaolopaiva, platnost do,
        ervenyesseg, date of expiration""",
    "issue_date": """
        date of issue, issue date, issued on, date de delivrance, delivre le, ausstellungsdatum, datum, fecha
        de expedicion, fecha de emision, data di rilascio, data de emissao, datum van afgifte, data wydania,
        data eliberarii, utfardandedatum, utstedt, myonnetty, datum vydani, kiallitas datuma""",
    "sex": """
        sex, sexe, geschlecht, sexo, sesso, geslacht, plec, sexul, kon, kjonn, sukupuoli, pohlavi, neme, spol,
        cinsiyeti, gender""",
    "nationality": """
        nationality, nationalite, staatsangehorigkeit, staatsangehoerigkeit, nacionalidad, cittadinanza,
        nacionalidade, nationaliteit, obywatelstwo, cetatenie, medborgarskap, nationalitet, kansalaisuus,
        statni obcanstvi, allampolgarsag, drzavljanstvo, uyrugu""",
    "place_of_birth": """
        place of birth, birthplace, lieu de naissance, geburtsort, lugar de nacimiento, luogo di nascita,
        local de nascimento, geboorteplaats, miejsce urodzenia, loc nastere, locul nasterii, fodelseort,
        fodested, syntymapaikka, misto narozeni, szuletesi hely, mesto rodjenja, dogum yeri""",
    "address": """
        address, residence, adresse, domicile, anschrift, wohnort, domicilio, direccion, indirizzo, residenza,
        morada, endereco, adres, woonplaats, adres zameldowania, domiciliu, bydliste, lakcim""",
    "personal_number": """
        personal no, personal number, personal id no, identity no, national id, numero personnel,
        personalnummer, numero personal, dni, codice fiscale, numero pessoal, persoonsnummer, bsn, pesel, cnp,
        henkilotunnus, personnummer, rodne cislo, szemelyi szam""",
    "authority": """
        authority, issuing authority, issued by, autorite, autorite de delivrance, behorde, behoerde,
        ausstellende behorde, autoridad, expedida por, autorita, autoridade, autoriteit, organ wydajacy, emisa
        de, autoritatea, myndighet, viranomainen, vydal, kiallito hatosag""",
}
"""Writings that some documents use beside those of their language."""


def compact(text: str) -> str:
    """The text in the zone's letters without spaces, which readers of print leave out at random."""
    return transliterate(text).replace(" ", "")


CAPTIONS: dict[str, str] = {
    **{
        compact(writing): name
        for captions in LANGUAGES.values()
        for name, writings in captions.items()
        for writing in writings
        if len(compact(writing)) > 1
    },
    **{compact(writing): name for name, captions in _MORE.items() for writing in captions.split(",")},
}
"""Caption as `compact` writes it, to the field it names."""
