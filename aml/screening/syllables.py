"""How Chinese characters and Korean syllables are read aloud in names, and how those readings are spelt.

Chinese: pinyin without tones (`anyascii`), Wade-Giles and the postal spellings by rule from it, and for characters
that are frequent in names the Cantonese, Hokkien and Korean readings by a table of our own. Kept apart from `letters`
because a character here is a syllable, and its reading depends on where its bearer lives.
"""

import re
from functools import lru_cache

from anyascii import anyascii

from aml.screening.letters import Spelling


def _words(text: str) -> list[str]:
    return text.split()


# Characters (simplified and traditional): readings other than Mandarin. Usage of Hong Kong, Taiwan, Singapore, Malaysia
# and of Korea; `k` readings are Korean. Hokkien and Teochew among the rest.
_READINGS = """
陈陳 chan tan tran k:jin 黄黃 wong ng wee ooi hwang k:hwang 李 lee li lei k:ri k:lee k:yi 林 lam lim k:rim k:im
k:lim 王 wong ong heng k:wang 张張 cheung chong teo teoh tiong k:jang k:chang 刘劉 lau low lao k:ryu k:yu k:yoo 吴吳
ng goh go k:o k:oh 杨楊 yeung young yeo yong k:yang 赵趙 chiu chew chiew k:jo k:cho 周 chow chau chew k:ju k:joo 徐
tsui chui chee choi k:so k:seo k:suh 孙孫 suen sun soon sng k:son k:sohn 马馬 ma mah beh k:ma 朱 chu choo chue k:ju
胡 wu woo oh oo k:ho 郭 kwok kuok kueh quek koay k:kwak k:gwak 何 ho hoh k:ha 高 ko kao koh k:ko k:go 罗羅 law lo
loh k:ra k:na 郑鄭 cheng tay teh cheang k:jong k:jung k:jeong k:chung k:chong 梁 leung leong neo niu k:ryang k:yang
谢謝 tse che chia seah k:sa 宋 sung soong k:song 唐 tong tang teng k:tang k:dang 许許 hui hsu koh khor kho k:ho
k:heo k:hur 邓鄧 tang teng k:tung 韩韓 hon han k:han 冯馮 fung foong pang hung k:pung 曹 tso cho chou k:jo k:cho 曾
tsang chan chng k:jung 彭 pang phang phua k:paeng 萧肖蕭 siu seow siew k:so 蔡 choi tsoi chua chai tsai k:chae 潘
poon pun phua k:pan 田 tin chan k:jon k:jeon 董 tung tong k:tong 袁 yuen k:won 于 yu k:u 余 yu yee k:yo k:yeo 叶葉
yip yap ip k:yop 蒋蔣 cheung chiang k:jang 杜 to tu toh k:tu k:du 苏蘇 so soh k:so 魏 ngai goey k:wi 吕呂 lui loo lu
k:ryo k:yeo 丁 ting k:jong k:jung k:chung 任 yam yum yan jen k:im k:rim 沈 shum sum sim k:sim k:shim 姚 yiu yeo k:yo
卢盧 lo lu loo k:ro k:no 姜 keung geung k:kang 崔 chui tsui k:choe k:choi 钟鍾 chung cheong k:jong 谭譚 tam tham
k:tam 陆陸 luk look lok k:ryuk k:yuk 汪 wong k:wang 范 fan hwan k:pom 金 kam kum kim k:kim k:gim 石 shek sek k:sok
k:seok 廖 liu leow liew k:ryo 贾賈 ka kar k:ka 夏 ha hah k:ha 韦韋 wai k:wi 傅 fu foo poh k:pu 方 fong png hong
k:pang k:bang 白 pak peh bai k:paek k:baek 邹鄒 chow k:chu 孟 mang meng k:maeng 熊 hung k:ung 秦 chun tsun k:jin 邱
yau khoo khoo chiu k:ku 江 kong kang k:kang 尹 wan yin k:yun k:yoon 薛 sit see k:sol k:seol 闫閻阎 yim giam k:yom 段
tuen k:tan 雷 lui looi k:roe 侯 hau how k:hu 龙龍 lung leong loong k:ryong k:yong 史 sze k:sa 陶 to toh k:to 黎 lai
loi k:ryo 贺賀 ho k:ha 顾顧 koo ku k:ko 毛 mo moh k:mo 郝 hok k:hak 龚龔 kung keong k:kong 邵 siu shiu k:so 万萬 man
ban k:man 钱錢 chin tsin chee k:jon 严嚴 yim giam k:om k:eom 武 mo bu k:mu k:moo 戴 tai teh k:tae 莫 mok k:mak 孔
hung khong k:kong 向 heung k:hyang 汤湯 tong thong k:tang 温溫 wan oon k:on 康 hong k:kang 施 sze see si k:si 文 man
boon mun k:mun k:moon 牛 ngau gu k:u 樊 fan k:pon 葛 kot k:kal 邢 ying k:hyong 安 on ann k:an k:ahn 齐齊 chai k:je
易 yik k:i 乔喬 kiu k:kyo 伍 ng k:o 庞龐 pong k:pang 颜顏 ngan gan k:an 倪 ngai geh k:ye 庄莊 chong ching chng
k:jang 聂聶 nip k:sop 章 cheung k:jang 鲁魯 lo k:ro 岳 ngok k:ak 翟 chak k:jok 殷 yan k:un k:eun 詹 chim k:chom 申
shan k:sin k:shin 欧歐 au aw k:ku 耿 kang k:kyong 关關 kwan k:kwan 兰蘭 lan laan k:ran 焦 chiu k:cho 俞 yu k:yu 左
cho k:jwa 柳 lau k:ryu k:yu 甘 kam k:kam 祝 chuk k:chuk 包 pau pao k:po 宁寧 ning k:nyong 尚 sheung k:sang 符 foo hu
k:pu 舒 shu k:so 阮 yuen nguyen k:won 柯 or kor quah k:ka 纪紀 kei kee k:ki 梅 mui bwe k:mae 童 tung k:tong 凌 ling
k:rung 毕畢 but k:pil 单單 sin shan k:son 季 kwai k:kye 裴 pui k:pae k:bae 霍 fok k:kwak 涂塗 to k:to 成 shing seng
sing k:song k:sung k:seong 苗 miu k:myo 谷 kuk k:kok 盛 shing k:song 曲 kuk k:kok 翁 yung ang k:ong 冉 yim k:yom
骆駱 lok k:rak 蓝藍 lam nah k:ram 路 lo k:ro 游 yau k:yu 辛 san k:sin 靳 kan k:kun 管 koon k:kwan 柴 chai k:si 蒙
mung k:mong 鲍鮑 pau k:po 华華 wah hua hwa k:hwa 喻 yu k:yu 祁 ki k:ki 蒲 po k:po 房 fong k:pang 滕 tang k:tung 屈
wat k:kul 饶饒 yiu jiu k:yo 解 kai k:hae 牟 mau k:mo 艾 ngai k:ae 尤 yau yew k:u 阳陽 yeung k:yang 时時 shi si k:si
穆 muk k:mok 农農 nung k:nong 司 sze k:sa 卓 cheuk toh toh k:tak 古 koo ku k:ko 吉 kat k:kil 缪繆 miu k:mu 简簡 kan
k:kan 车車 che k:cha 项項 hong k:hang 连連 lin k:ryon k:yeon 芦蘆 lo k:ro 麦麥 mak k:maek 褚 chu k:cho 区區 au ou
k:ku 朴 pok piao k:pak k:park k:bak 伟偉 wai wee k:wi 明 ming meng beng k:myong k:myung k:myeong 强強 keung kiong
k:kang 国國 kwok kok k:kuk k:guk k:kook 建 kin kian k:kon k:keon k:gun 志 chi chee chih k:ji k:chi 家 ka kah kar
k:ka 荣榮 wing eng yong k:yong k:young 永 wing eng k:yong k:young 德 tak teck tek k:tok k:dok k:deok 俊 chun choon
k:jun k:joon 杰傑 kit kiat k:kol 豪 ho k:ho 辉輝 fai hui k:hwi 光 kwong kong k:kwang 东東 tung tong k:tong k:dong 海
hoi hai k:hae 平 ping peng k:pyong k:pyung 军軍 kwan kun k:kun 波 po k:pa 涛濤 to k:to 鹏鵬 pang phang k:pung 飞飛
fei hui k:pi 文斌 man k:mun 生 sang seng k:saeng 胜勝 shing seng k:sung 龙 lung k:ryong 玉 yuk geok k:ok 珍 chun
chin tin k:jin 英 ying eng k:yong k:young 凤鳳 fung hong k:pong 月 yuet guat k:wol 美 mei bee mee k:mi 丽麗 lai lay
k:ryo 红紅 hung ang k:hong 秀 sau siew siu k:su k:soo 兰 lan k:ran 娟 kuen k:yon 霞 ha hah k:ha 燕 yin yan ean k:yon
芳 fong hong k:pang 娜 na k:na 静靜 ching cheng k:jong 敏 man min k:min 慧 wai hui k:hye 雪 suet seok k:sol 琴 kam
kim khim k:kum 云雲 wan hoon k:un 嘉 ka kah k:ka 仪儀 yee yi k:ui 诗詩 sze si k:si 婷 ting k:jong 欣 yan hian k:hun
怡 yee yi k:i 颖穎 wing ying k:yong 思 sze su k:sa 晓曉 hiu siu k:hyo 小 siu sio k:so 大 tai tua k:tae k:dae 中
chung tiong k:jung k:joong 正 ching cheng k:jong k:jung k:jeong k:chung 恩 yan un k:un k:eun 日 yat jit k:il 成
shing k:song 哲 chit tiat k:chol k:chul 英 ying k:yong 浩 ho k:ho 宇 yu k:u k:woo 民 man min k:min 泰 tai k:tae 勇
yung k:yong 南 nam lam k:nam 北 pak pak k:puk 天 tin thian k:chon k:cheon 子 tsz tze chi k:ja 春 chun choon k:chun
k:choon 秋 chau chiu k:chu 龍 lung k:ryong 虎 fu foo hoh k:ho 铁鐵 tit thih k:chol 银銀 ngan gin k:un 福 fuk hock
hok k:pok k:bok 寿壽 sau siew k:su 贵貴 kwai kui k:kwi 富 fu foo poo k:pu 兴興 hing heng k:hung 发發 fat huat k:pal
祥 cheung siang k:sang 瑞 shui swee k:so 宝寶 po poh k:po 才 choi chai k:jae 学學 hok hak k:hak 良 leung liang
k:ryang 忠 chung tiong k:chung 义義 yee gee k:ui 仁 yan jin k:in 信 shun sin k:sin 礼禮 lai k:rye 勤 kan khin k:kun
孝 hau hao k:hyo 先 sin sian k:son 世 sai se sei k:se 维維 wai k:yu 树樹 shu k:su 新 san sin k:sin 立 lap lip k:rip
振 chun chin k:jin 山 shan san k:san 水 shui chwee k:su 木 muk bok k:mok 根 kan kin k:kun 泉 chuen chuan k:chon 河
ho k:ha 洪 hung ang k:hong 清 ching cheng k:chong 源 yuen guan k:won 润潤 yun jun k:yun 炳 ping k:pyong 焕煥 wun
huan k:hwan 耀 yiu yeow k:yo 祖 cho k:jo 继繼 kai k:kye 承 shing k:sung 启啟 kai k:kye 达達 tat k:tal 运運 wan k:un
道 to tao k:to 锦錦 kam kim k:kum 镇鎮 chun tin k:jin 长長 cheung tiong k:jang 青 ching cheng k:chong 顺順 shun soon
k:sun 鸿鴻 hung k:hong 一 yat it k:il 三 sam sam k:sam 万 man k:man 元 yuen guan k:won 友 yau yew k:u 双雙 sheung
k:ssang 君 kwan kun k:kun 和 wo ho k:hwa 善 sin sian k:son 基 kei kee k:ki 声聲 sing k:song 廷 ting k:jong 庆慶 hing
keng k:kyong 彦彥 yin k:on 惠 wai hui k:hye 昌 cheung chiang k:chang 星 sing k:song 景 king keng k:kyong 权權 kuen
k:kwon 来來 loi lai k:rae 柱 chu k:ju 相 seung k:sang 硕碩 shek k:sok 秉 ping k:pyong 洙 chu k:su 植 chik sit k:sik
贤賢 yin k:hyon 贞貞 ching k:jong 赫 hak k:hyok 载載 choi k:jae 进進 chun chin k:jin 镐 ho k:ho 鎬 ho k:ho 哲 chit
k:chol 爱愛 oi ai k:ae
"""
_MORE_PINYIN = """
单:shan 單:shan 解:xie 曾:zeng 查:zha 仇:qiu 朴:piao/pu 区:ou 區:ou 任:ren 盖:ge 蓋:ge 覃:qin/tan 乐:yue/le
樂:yue/le 长:chang/zhang 長:chang/zhang 重:chong/zhong 行:xing/hang 翟:zhai/di 尉:yu/wei 缪:miao 繆:miao 洗:xian
冼:xian 晟:sheng/cheng 宿:su 卜:bu 贾:jia 賈:jia 夏:xia 石:shi 藏:zang/cang 吕:lv/lu/lyu 呂:lv/lu/lyu 绿:lv/lu
女:nv/nu 六:liu 陆:lu 陸:lu 佟:tong 那:na 宁:ning 寧:ning 娜:na 茜:qian/xi 俞:yu 秘:bi/mi 薄:bo/bao 柏:bai/bo
"""
SURNAMES_OF_TWO = frozenset(
    _words(
        "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 夏侯 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 东方 東方 南宫 南宮 "
        "端木 独孤 獨孤 長孫 长孙 宇文 鲜于 鮮于 西门 西門 남궁 황보 제갈 선우 독고 사공"
    )
)
# Pinyin to Wade-Giles, one after the other.
_WADE = r"""
^zh(?=i$)>chi ^chii$>chih ^(zh)>ch ^j>ch ^q>ch ^x>hs ^zi$>tzu ^ci$>tzu ^si$>szu ^z>ts ^c(?!h)>ts ^b>p ^d>t ^g>k
^r(?=i$)>ji ^jii$>jih ^r>j ^yi$>i ^you$>yu ^yan$>yen ian$>ien ong$>ung ^(sh|ch)i$>\1ih ui$>uei ^([kh])e$>\1o ^e$>o
^ye$>yeh ie$>ieh ue$>ueh ^(t|n|l|ts|sh|ch|j|s)uo$>\1o ^lv$>lu
"""
_WADE_RULES = tuple((re.compile(pattern), into) for pattern, into in (rule.split(">") for rule in _WADE.split()))


def _readings() -> dict[str, tuple[tuple[str, float], ...]]:
    found: dict[str, dict[str, float]] = {}
    characters = ""
    for word in _READINGS.split():
        if not word.isascii():
            characters = word
            continue
        korean, _, reading = word.rpartition(":")
        for character in characters:
            found.setdefault(character, {}).setdefault(reading, 0.2 if korean else 0.12)
    return {character: tuple(readings.items()) for character, readings in found.items()}


_OTHER = _readings()
_SEVERAL = dict(entry.split(":") for entry in _MORE_PINYIN.split())


def _wade_giles(pinyin: str) -> str:
    for pattern, into in _WADE_RULES:
        pinyin = pattern.sub(into, pinyin)
    return pinyin


@lru_cache(maxsize=8192)
def character(char: str) -> tuple[Spelling, ...]:
    """The spellings of a Chinese character's readings, Mandarin first; empty where it has none."""
    mandarin = anyascii(char).lower()
    readings = dict.fromkeys(_SEVERAL.get(char, mandarin).split("/"), 0.0)
    if mandarin.isalpha():
        readings.setdefault(mandarin, 0.1)
    for pinyin in list(readings):
        readings.setdefault(_wade_giles(pinyin), 0.1)
    for reading, cost in _OTHER.get(char, ()):
        readings.setdefault(_folded(reading), cost)
    return tuple(Spelling(_folded(reading), cost) for reading, cost in readings.items() if reading)


def _folded(text: str) -> str:
    return re.sub(r"(.)\1+", r"\1", text)


# Hangul syllables are made of an onset, a vowel and a coda, in this order of Unicode's; Revised, McCune-Reischauer,
# North Korean and everyday spellings.
_ONSETS = tuple(
    tuple(part.split("/"))
    for part in _words("k/g k/kk n t/d t/tt r/l/n/ m p/b p/pp s/sh s/ss / j/ch/zh j/jj ch/j k/kh t/th p/ph h/")
)
_VOWELS = tuple(
    tuple(part.split("/"))
    for part in _words(
        "a ae/e/ai ya yae/ye o/eo/u/oh e/eh yo/yeo/you/yu/yuh ye/e/yeh o/oh wa/oa wae/we oe/oi/we yo "
        "u/oo/ou/woo wo/weo/won we wi/ui/wee yu/yoo/you u/eu/oo ui/yi/i/eui i/ee/y"
    )
)
_CODAS = tuple(
    tuple(part.split("/"))
    for part in _words("| k/g/ck k ks n nj n/nh t/d l/r l lm l l lt l l m p/b p t/s t ng/n t ch/t k t p h/")
)


@lru_cache(maxsize=4096)
def hangul(char: str) -> tuple[tuple[Spelling, ...], ...]:
    """A Korean syllable as two or three units of spellings."""
    place = ord(char) - 0xAC00
    parts = (_ONSETS[place // 588], _VOWELS[place % 588 // 28], _CODAS[place % 28])
    return tuple(
        tuple(
            Spelling(latin, 0.1 if i else 0.0) for i, latin in enumerate(dict.fromkeys(_folded(s) for s in spellings))
        )
        for spellings in parts
        if spellings != ("|",)
    )
