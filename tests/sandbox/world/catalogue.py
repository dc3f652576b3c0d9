"""What the brand is: stores, staff, goods, towns; and what its customers are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """A sellable thing; price in fen."""

    sku: str
    item_no: str
    title: str
    fen: int


ITEMS = (
    Item("QY-MILK-1", "600101", "全域 婴儿配方奶粉 1段 800g", 31800),
    Item("QY-MILK-2", "600102", "全域 较大婴儿配方奶粉 2段 800g", 29800),
    Item("QY-MILK-3", "600103", "全域 幼儿配方奶粉 3段 800g", 27800),
    Item("QY-DIAP-S", "600201", "云柔纸尿裤 S码 72片", 12900),
    Item("QY-DIAP-M", "600202", "云柔纸尿裤 M码 66片", 12900),
    Item("QY-DIAP-L", "600203", "云柔纸尿裤 L码 58片", 12900),
    Item("QY-WIPE-80", "600301", "婴儿手口湿巾 80抽*5包", 4990),
    Item("QY-BOTTLE-2", "600401", "宽口径PPSU奶瓶 240ml", 15900),
    Item("QY-PUREE-6", "600501", "有机果泥 100g*6袋", 6880),
    Item("QY-BODY-73", "600601", "纯棉连体衣 73码", 8900),
    Item("QY-WASH-500", "600701", "婴儿洗发沐浴二合一 500ml", 7900),
    Item("QY-SEAT-1", "600801", "婴儿提篮安全座椅", 89900),
)
GIFT = Item("QY-GIFT-BIB", "609901", "赠品 围嘴", 0)

STORES = ("S01", "S02", "S03", "S04", "S05", "S06")
GB18030_STORE = "S04"
"""Its tills are older and write gb18030."""
CLOSED_STORE = "S06"
"""Closes on Mondays: no file at all that day."""

GUIDES = {
    "S01": ("chenjing", "liufang"),
    "S02": ("zhaomin", "sunli"),
    "S03": ("wuxia", "zhoulan"),
    "S04": ("xumei", "zhuling"),
    "S05": ("hejuan", "gaoyan"),
    "S06": ("linna", "luohui"),
}

TOWNS = (
    ("浙江省", "杭州市", "余杭区"),
    ("上海", "上海市", "浦东新区"),
    ("江苏省", "南京市", "鼓楼区"),
    ("广东省", "深圳市", "南山区"),
    ("四川省", "成都市", "武侯区"),
    ("湖北省", "武汉市", "洪山区"),
)

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = ("婉清", "思雨", "佳怡", "晓彤", "雅婷", "静怡", "诗涵", "梦洁", "欣然", "若曦", "丽华", "婷", "颖", "浩然")
MISWRITTEN = dict(
    zip(
        GIVEN,
        ("婉青", "思羽", "佳仪", "小彤", "雅亭", "静宜", "诗韬", "梦杰", "心然", "若希", "莉华", "亭", "影", "皓然"),
        strict=True,
    )
)
"""Given names as somebody hears them."""
NICKNAMES = ("糖糖妈", "小米粥", "奶泡泡", "阿柚", "Luna", "晴天", "豆豆妈咪", "一颗星", "慢慢来", "栗子", "团子妈")

MOBILE_PREFIXES = (
    "134",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "152",
    "158",
    "159",
    "176",
    "177",
    "180",
    "188",
)
