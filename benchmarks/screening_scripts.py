"""Names in their own script with the Latin spellings that lists use: what screening of native script is measured with.

A table from general knowledge of frequent given names and surnames, combined at random, so that nobody is meant. It is
independent of the matcher's tables of letters and of the generator that the scorer was fitted on.
"""

import random

# native: Latin spellings, as found in passports and the press. Given names above, surnames below the line.
_ARABIC = """
محمد Muhammad Mohamed Mohammed Mohammad; أحمد Ahmad Ahmed; علي Ali; حسن Hassan Hasan; حسين Hussein Husayn Hossein;
خالد Khalid Khaled; عبد_الله Abdullah Abdallah; عبد_الرحمن Abdulrahman Abdul-Rahman Abderrahmane;
عبد_العزيز Abdulaziz Abd-al-Aziz Abdelaziz; يوسف Yusuf Youssef Yousef; إبراهيم Ibrahim Brahim;
إسماعيل Ismail Ismael; عمر Omar Umar; عثمان Uthman Othman Osman; مصطفى Mustafa Moustafa; محمود Mahmoud Mahmud;
طارق Tariq Tarek; زياد Ziyad Ziad; سعيد Said Saeed; سليم Salim Selim; كريم Karim; جمال Jamal Gamal;
ناصر Nasir Nasser; رشيد Rashid Rachid; فيصل Faisal Faysal; ماهر Maher; بشار Bashar; رامي Rami Ramy;
وليد Walid Waleed; هشام Hisham Hicham; ياسر Yasser Yasir; أيمن Ayman Aiman; أسامة Usama Osama; معاذ Muadh Moaz;
قاسم Qasim Kassem; جواد Javad Jawad; رضا Reza Rida; مهدی Mehdi Mahdi; غلام Gholam Ghulam; داود Dawud Daoud;
موسى Musa Moussa; عيسى Isa Issa; فاطمة Fatima Fatimah; عائشة Aisha Aicha; مريم Maryam Mariam; زينب Zaynab Zeinab;
خديجة Khadija; نور Nur Noor; ليلى Layla Leila
---
الحسيني al-Husayni al-Husseini; الخطيب al-Khatib El-Khatib; المصري al-Masri El-Masry; الحربي al-Harbi;
الشمري al-Shammari; الدوري al-Duri; العبيدي al-Ubaydi al-Obeidi; الزهراني al-Zahrani; القحطاني al-Qahtani;
الجبوري al-Jaburi al-Jubouri; السوداني al-Sudani; الراوي al-Rawi; بوزيد Bouzid; بن_علي Ben-Ali Bin-Ali;
مخلوف Makhlouf Makhluf; شهابي Shihabi Chehabi; خوري Khoury Khuri; حداد Haddad; نصار Nassar; منصور Mansour Mansur;
درويش Darwish Darwich; صالح Saleh Salih; حمدان Hamdan; زيدان Zaydan Zidane; قاسمي Qasemi Ghasemi; رحيمي Rahimi;
کریمی Karimi; احمدی Ahmadi; حسینی Hosseini Husseini; موسوی Mousavi Musavi; رضایی Rezaei Rezai; جعفری Jafari;
صادقی Sadeghi Sadeqi; خان Khan; اچکزئی Achakzai; عطية Attiya Atiyah; شرف Sharaf; بركات Barakat; عزام Azzam;
جابر Jaber Jabir; طالب Talib Taleb; حمزة Hamza Hamzah; عباس Abbas; شعبان Shaaban Shaban
"""
_CYRILLIC = """
Александр Aleksandr Alexander Oleksandr; Сергей Sergei Sergey; Владимир Vladimir; Дмитрий Dmitry Dmitriy Dmitri;
Андрей Andrei Andrey; Николай Nikolai Nikolay; Михаил Mikhail; Евгений Yevgeny Evgeny Evgenii;
Алексей Aleksei Alexey; Юрий Yuri Yury Iurii; Виктор Viktor Victor; Анатолий Anatoly Anatolii; Павел Pavel;
Григорий Grigory Grigoriy; Василий Vasily Vasilii; Геннадий Gennady Gennadiy; Аркадий Arkady; Рустам Rustam;
Рамзан Ramzan; Магомед Magomed; Ильдар Ildar; Тимур Timur; Олександр Oleksandr; Володимир Volodymyr;
Андрій Andriy Andrii; Сергій Serhiy Serhii; Олексій Oleksiy Oleksii; Микола Mykola; Юлія Yuliia Yulia;
Георги Georgi; Димитър Dimitar; Иван Ivan; Христо Hristo; Ђорђе Djordje Dorde; Милош Milos; Ненад Nenad;
Душан Dusan; Елена Elena Yelena; Ольга Olga; Екатерина Ekaterina Yekaterina; Наталья Natalya Natalia;
Татьяна Tatyana Tatiana; Людмила Lyudmila Liudmila
---
Щербаков Shcherbakov; Хрущёв Khrushchev; Кузнецов Kuznetsov; Жуков Zhukov; Чайковский Chaikovsky Tchaikovsky;
Яковлев Yakovlev Iakovlev; Юрченко Yurchenko; Цветков Tsvetkov; Соловьёв Solovyov Soloviev;
Воробьёв Vorobyov Vorobiev; Гончаренко Goncharenko Honcharenko; Ковальчук Kovalchuk; Шевченко Shevchenko;
Григорьев Grigoryev Grigoriev; Михайлов Mikhailov Mikhaylov; Фёдоров Fedorov Fyodorov; Артемьев Artemyev Artemiev;
Ильин Ilyin Ilin; Тимофеев Timofeyev Timofeev; Зайцев Zaitsev Zaytsev; Белый Bely Belyy;
Достоевский Dostoevsky Dostoyevskiy; Лукьянов Lukyanov Lukianov; Гузенко Guzenko Huzenko; Бойко Boyko Boiko;
Ткаченко Tkachenko; Хоменко Khomenko; Гайдук Haiduk Gaiduk; Мельник Melnyk Melnik; Петров Petrov; Стоянов Stoyanov;
Божилов Bozhilov; Георгиев Georgiev; Јовановић Jovanovic; Петровић Petrovic; Ђукић Djukic Dukic; Живковић Zivkovic;
Ахмедов Akhmedov Ahmedov; Кадыров Kadyrov; Нурмагомедов Nurmagomedov; Цой Tsoi Tsoy; Ким Kim; Назарбаев Nazarbayev;
Рахимов Rakhimov; Каримов Karimov; Шойгу Shoigu; Пригожин Prigozhin; Мединский Medinsky Medinskiy;
Южный Yuzhny Yuzhnyy
"""
_GREEK = """
Γιώργος Giorgos Yorgos; Γεώργιος Georgios; Κωνσταντίνος Konstantinos Constantinos; Ιωάννης Ioannis;
Γιάννης Giannis Yannis; Δημήτριος Dimitrios; Δημήτρης Dimitris; Νικόλαος Nikolaos; Παναγιώτης Panagiotis Panayiotis;
Βασίλειος Vasileios Vasilios; Χρήστος Christos; Αθανάσιος Athanasios; Ευάγγελος Evangelos; Μιχαήλ Michail;
Σπυρίδων Spyridon; Σταύρος Stavros; Εμμανουήλ Emmanouil Emmanuel; Ηλίας Ilias Elias; Θεόδωρος Theodoros;
Αντώνιος Antonios; Ανδρέας Andreas; Πέτρος Petros; Στέφανος Stefanos Stephanos; Φώτιος Fotios Photios;
Χαράλαμπος Charalampos Charalambos; Αλέξανδρος Alexandros; Ευστάθιος Efstathios Evstathios;
Αικατερίνη Aikaterini Ekaterini; Ελένη Eleni; Βασιλική Vasiliki; Σοφία Sofia; Άγγελος Angelos Aggelos;
Ιάσονας Iasonas; Λεωνίδας Leonidas; Αριστοτέλης Aristotelis; Ξενοφών Xenofon Xenophon; Οδυσσέας Odysseas
---
Παπαδόπουλος Papadopoulos; Παπανδρέου Papandreou; Βλαχόπουλος Vlachopoulos; Αγγελόπουλος Angelopoulos Aggelopoulos;
Νικολαΐδης Nikolaidis; Γεωργίου Georgiou; Δημητρίου Dimitriou; Καραμανλής Karamanlis; Μητσοτάκης Mitsotakis;
Τσίπρας Tsipras; Οικονόμου Oikonomou Economou; Μακρής Makris; Κωνσταντινίδης Konstantinidis; Παππάς Pappas;
Χατζηγιάννης Chatzigiannis Hatzigiannis; Χατζιδάκης Chatzidakis Hadjidakis; Θεοδωρακόπουλος Theodorakopoulos;
Σταυρόπουλος Stavropoulos; Αλεξίου Alexiou; Ζωγράφος Zografos; Ψαράς Psaras; Ξενάκης Xenakis; Γκίκας Gkikas Ghikas;
Μπακογιάννης Bakogiannis Bakoyannis; Ντόρας Ntoras Doras; Καζαντζάκης Kazantzakis; Ευθυμίου Efthymiou;
Φωτιάδης Fotiadis; Ρήγας Rigas; Λάσκαρης Laskaris; Βαρδινογιάννης Vardinogiannis; Τζαννετάκης Tzannetakis;
Κουτσούμπας Koutsoumpas Koutsoubas; Παπαγεωργίου Papageorgiou; Αναγνωστόπουλος Anagnostopoulos;
Χριστοδουλίδης Christodoulides Christodoulidis; Κυπριανού Kyprianou
"""
_HEBREW = """
משה Moshe; יצחק Yitzhak Yitzchak Itzhak; יוסף Yosef Yossef; דוד David; אברהם Avraham; יעקב Yaakov Yaacov Jacob;
שמואל Shmuel; אליהו Eliyahu; בנימין Binyamin Benjamin; נפתלי Naftali; אריאל Ariel; עמיר Amir; גדעון Gideon;
אהוד Ehud; שמעון Shimon; יהודה Yehuda Yehudah; מרדכי Mordechai Mordekhai; חיים Haim Chaim; צבי Tzvi Zvi; זאב Zeev;
ראובן Reuven; אבשלום Avshalom; רון Ron; גיל Gil; עומר Omer; איתן Eitan Eytan; אורי Uri Ori; נועם Noam; דניאל Daniel;
מיכאל Michael; רפאל Rafael Raphael; עזרא Ezra; ברוך Baruch; יאיר Yair; ליאור Lior; שרה Sarah Sara; רחל Rachel Rahel;
מרים Miriam; חנה Hana Chana Hannah; רבקה Rivka; תמר Tamar; יעל Yael; נעמי Naomi; אסתר Esther Ester
---
כהן Cohen Kohen; לוי Levi Levy; מזרחי Mizrahi Mizrachi; פרץ Peretz; ביטון Biton Bitton; דהן Dahan; אברהמי Avrahami;
פרידמן Friedman Fridman; מלכה Malka; אזולאי Azoulay Azulai; שפירא Shapira; רוזנברג Rosenberg; גולדשטיין Goldstein;
ויינשטיין Weinstein; שוורץ Schwartz Shvarts; הלוי Halevi HaLevy; סגל Segal; חדד Haddad Hadad; עמר Amar;
אוחיון Ohayon Ohayoun; בן_דוד Ben-David; בר_לב Bar-Lev; קצב Katzav Katsav; ברק Barak; גורן Goren; שלום Shalom;
שרון Sharon; נחמני Nahmani Nachmani; טל Tal; רבינוביץ Rabinovich Rabinovitz; זילברמן Zilberman Silberman;
קפלן Kaplan; הרצוג Herzog; יונתן Yonatan Jonathan; ליברמן Lieberman Liberman; אלון Alon; גבאי Gabbay Gabai;
שטרן Stern Shtern; צור Tzur Zur; חזן Hazan Chazan; אשכנזי Ashkenazi; דיין Dayan
"""
_HAN_SURNAMES = """
王 Wang; 李 Li; 张 Zhang; 劉 Liu; 陈 Chen; 楊 Yang; 黄 Huang; 趙 Zhao; 吴 Wu; 周 Zhou; 徐 Xu; 孙 Sun; 馬 Ma; 朱 Zhu;
胡 Hu; 郭 Guo; 何 He; 高 Gao; 林 Lin; 罗 Luo; 郑 Zheng; 梁 Liang; 謝 Xie; 宋 Song; 唐 Tang; 许 Xu; 邓 Deng; 冯 Feng;
韩 Han; 曹 Cao; 曾 Zeng; 彭 Peng; 萧 Xiao; 蔡 Cai; 潘 Pan; 田 Tian; 董 Dong; 袁 Yuan; 于 Yu; 余 Yu; 叶 Ye; 蒋 Jiang;
杜 Du; 苏 Su; 魏 Wei; 程 Cheng; 吕 Lu; 丁 Ding; 沈 Shen; 任 Ren; 姚 Yao; 卢 Lu; 傅 Fu; 钟 Zhong; 欧阳 Ouyang;
司马 Sima
"""
_HAN_GIVEN = """
伟 wei; 芳 fang; 娜 na; 秀 xiu; 敏 min; 静 jing; 强 qiang; 磊 lei; 军 jun; 洋 yang; 勇 yong; 艳 yan; 杰 jie; 涛 tao;
明 ming; 超 chao; 兰 lan; 霞 xia; 平 ping; 刚 gang; 桂 gui; 英 ying; 华 hua; 玉 yu; 萍 ping; 红 hong; 建 jian;
国 guo; 志 zhi; 晓 xiao; 海 hai; 文 wen; 东 dong; 春 chun; 鹏 peng; 飞 fei; 宇 yu; 浩 hao; 凯 kai; 健 jian; 俊 jun;
帆 fan; 雪 xue; 荣 rong; 丹 dan; 峰 feng; 波 bo; 斌 bin; 慧 hui; 莉 li; 琴 qin; 云 yun; 洁 jie; 梅 mei; 琳 lin;
新 xin; 利 li; 正 zheng; 德 de; 庆 qing; 世 shi; 立 li; 学 xue; 成 cheng; 贵 gui; 才 cai; 福 fu; 荣 rong; 天 tian;
泽 ze; 子 zi; 嘉 jia; 思 si; 诗 shi; 欣 xin; 怡 yi; 振 zhen; 永 yong; 昌 chang; 耀 yao; 光 guang
"""
_CANTONESE = """
陳 Chan; 黃 Wong; 張 Cheung; 吳 Ng; 劉 Lau; 梁 Leung; 鄭 Cheng; 謝 Tse; 何 Ho; 周 Chow; 葉 Yip; 曾 Tsang; 羅 Law;
郭 Kwok; 蔡 Choi; 許 Hui
"""
_CANTONESE_GIVEN = """
家 ka; 強 keung; 偉 wai; 文 man; 志 chi; 明 ming; 國 kwok; 華 wah; 永 wing; 德 tak; 俊 chun; 傑 kit; 豪 ho; 輝 fai;
慧 wai; 美 mei; 玲 ling
"""


def _entries(text: str) -> list[tuple[str, list[str]]]:
    found = []
    for entry in text.replace("\n", " ").split(";"):
        native, *latin = entry.split()
        found.append((native.replace("_", " "), latin))
    return found


_ALPHABETIC = {
    script: tuple(_entries(part) for part in text.split("---"))
    for script, text in (("arabic", _ARABIC), ("cyrillic", _CYRILLIC), ("greek", _GREEK), ("hebrew", _HEBREW))
}
SCRIPTS = (*_ALPHABETIC, "chinese")


def native_person(script: str, rng: random.Random) -> tuple[str, str]:
    """A name in its own script, and as a Latin-only list writes it, the surname in capitals."""
    if script == "chinese":
        return _chinese(rng)
    given, surnames = _ALPHABETIC[script]
    chosen = rng.sample(given, 2 if rng.random() < 0.35 else 1)
    surname = rng.choice(surnames)
    native = " ".join([*(entry[0] for entry in chosen), surname[0]])
    latin = " ".join([*(rng.choice(entry[1]) for entry in chosen), rng.choice(surname[1]).upper()])
    return native, latin


def _chinese(rng: random.Random) -> tuple[str, str]:
    cantonese = rng.random() < 0.2
    surname, spelt = rng.choice(_entries(_CANTONESE if cantonese else _HAN_SURNAMES))
    two = cantonese or rng.random() < 0.8
    given = rng.sample(_entries(_CANTONESE_GIVEN if cantonese else _HAN_GIVEN), 2 if two else 1)
    syllables = [latin[0] for _, latin in given]
    told = rng.choice(("-".join(syllables), " ".join(syllables))) if cantonese else "".join(syllables)
    native = surname + "".join(entry for entry, _ in given)
    ordered = (f"{told.title()} {spelt[0].upper()}", f"{spelt[0].upper()} {told.title()}")
    return native, rng.choice(ordered)
