"""Names and addresses as people type them, brought to the form in which they can be compared."""

from __future__ import annotations

import re
import unicodedata

# The surnames of nine in ten people; a guide's note that begins with none of them is a nickname, not a name.
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向"
    "柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车"
    "冉房边肖闫付代岑"
)
_DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "司徒")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]+")
_LETTERS = re.compile(r"[a-z][a-z '-]*[a-z]")
_TITLES = re.compile(r"(女士|先生|小姐|太太|老师|阿姨|宝妈|妈妈|姐)$")
_BIRTHDAY = re.compile(r"生日\D{0,2}(\d{1,2})月(\d{1,2})[日号]?|(\d{1,2})月(\d{1,2})[日号]?\D{0,2}生日")
_ADDRESS = re.compile(r"[^\s,，;；:：。]+?[路街道巷弄里村园苑城庭府][^\s,，;；。]*?\d[^\s,，;；。]*")
# 浙江省杭州市余杭区 is typed by some and left out by others; 小区 is part of the address.
_DISTRICTS = re.compile(r"^(?:[^\d]{2,8}?(?:[省市州县旗]|(?<![小社园校])区))+")
_UNITS = re.compile(r"(?<=\d)(?:号楼|单元|[号栋幢弄室楼])+")
_LONE_CHARACTER = re.compile(r"(?<![\u3400-\u9fff])([\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
"""李 婷 is 李婷."""


def own_name(text: str) -> str | None:
    """Read a name that its bearer filled in: `王 婉清 女士` is 王婉清; None when nothing of a name is left."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    han = _TITLES.sub("", "".join(_HAN.findall(folded)))
    if len(han) > 1:
        return han
    letters = _LETTERS.search(folded)
    return letters.group() if letters else None


def noted_name(*notes: str) -> str | None:
    """Find the real name in what guides noted, the first note that holds one; `S01王婉清` does, `豆豆妈咪` does not."""
    for note in notes:
        for word in _HAN.findall(_LONE_CHARACTER.sub(r"\1", unicodedata.normalize("NFKC", note))):
            name = _TITLES.sub("", word)
            is_double = name.startswith(_DOUBLE_SURNAMES)
            given = name[2:] if is_double else name[1:]
            if (is_double or name[:1] in _SURNAMES) and 1 <= len(given) <= 2:
                return name
    return None


def noted_birthday(*notes: str) -> str | None:
    """Find a birthday in notes, as MMDD: `生日11月20日`."""
    for note in notes:
        found = _BIRTHDAY.search(unicodedata.normalize("NFKC", note))
        if found:
            month, day = (int(part) for part in found.groups() if part)
            return f"{month:02d}{day:02d}"
    return None


def noted_address(*notes: str) -> str | None:
    """Find an address in notes: a stretch that names a road or an estate and goes on to a number."""
    for note in notes:
        found = _ADDRESS.search(unicodedata.normalize("NFKC", note))
        if found:
            return address(found.group())
    return None


def address(text: str) -> str | None:
    """Bring an address to what its spellings share: `浙江省杭州市余杭区文一西路 969 号 3 幢` is 文一西路969-3."""
    bare = re.sub(r"[\W_]|^地址|^中国", "", unicodedata.normalize("NFKC", text).casefold())
    return _UNITS.sub("-", _DISTRICTS.sub("", bare)).strip("-") or None


def street(address: str) -> str:
    """Cut a bare address before its first number."""
    return re.split(r"\d", address, maxsplit=1)[0]


def noted_store(stores: frozenset[str], *notes: str) -> str | None:
    """Find the code of one of the brand's stores in notes, as a word of its own or after an underscore."""
    for note in notes:
        for word in re.split(r"[^0-9A-Za-z-]+", unicodedata.normalize("NFKC", note)):
            if word in stores:
                return word
    return None
