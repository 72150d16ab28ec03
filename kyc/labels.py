"""The captions that documents print beside their fields, in the languages of the states that issue them."""

from kyc.names import transliterate

_CAPTIONS = {
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

CAPTIONS: dict[str, str] = {
    transliterate(" ".join(caption.split())): name
    for name, captions in _CAPTIONS.items()
    for caption in captions.split(",")
}
"""Caption in the zone's letters, to the field it names."""
