"""The words that generated layouts print beside the captions of `kyc.labels`: months, names, places, states, decoys.

Names are common words put together at random; nobody in particular is meant.
"""


def words(text: str) -> tuple[str, ...]:
    """The words of a list separated by spaces."""
    return tuple(text.split())


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
