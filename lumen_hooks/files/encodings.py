"""In which encoding a text is that is not UTF-8, told by whether it reads like a language.

Bytes of one encoding are valid in most others, where they are letters that nobody writes. So each
of those in use for source files is tried on the stretches that are not ASCII, and the one wins
that gives the most everyday letters of its language. charset-normalizer 3.5 was tried on such files
(a short comment among much ASCII): it named a wrong encoding for 11 of 20, another one alone and in
file, and its versions would have had to be part of every index. Knows bytes; no files.
"""

# ruff: noqa: RUF001 - letters that look like others are what this is about
from __future__ import annotations

import re
import unicodedata

_CHINESE = frozenset(
    "的一是不了在人有我他这中大来上个国到说们为子和你地出也时年得就那要下以生会自着之过家学对可里后"
    "小么多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已从动两"
    "长知民样现分将外但些与高意进把法此实回二理点月明其种全工己者向情部正名定问力机给等几很业最间新"
    "什打便位因重被走电四第门相次使教再平真听信少关并内加化由代产入先五水万市体别处总才场书比住员性"
    "通目报立活难数件安表原车应期常提何更反合放做系计或利受果及务制解各任至物台记边共接它许特直服题"
    "建度统色字请交让认算论百义元结六功指思非流每管连远资队带快条变联数据库文件用户配置错误接口参返"
    "函类型读写取传失败重试新建删除修改查询登录密码权限缓存初始化线程锁释放内存指针列元素键值索引字符"
    "串编译试调用默认路径保存加载显示窗按钮网络连接服务器客端协议状态消息队任务执行完判断空否则循环输"
    "检验确清过期设置版本注释说明例模块组测验"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這中大來上個國到說們為子和你地出也時年得就那要下以生會自著之過家學對可裡後"
    "小麼多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已從動兩"
    "長知民樣現分將外但些與高意進把法此實回二理點月明其種全工己者向情部正名定問力機給等幾很業最間新"
    "什打便位因重被走電四第門相次使教再平真聽信少關並內加化由代產入先五水萬市體別處總才場書比住員性"
    "通目報立活難數件安表原車應期常提何更反合放做系計或利受果及務制解各任至物台記邊共接它許特直服題"
    "建度統色字請交讓認算論百義元結六功指思非流每管連遠資隊帶快條變聯檔案使用者設定錯誤介面參數返傳"
    "函類型讀寫取失敗重試刪除修改查詢登入密碼權限快取初始化執緒鎖釋放記憶體指標列元素鍵值索引字串編譯"
    "呼叫預設路徑儲存載顯示視窗按鈕網路線服務器客戶端協定狀態訊息佇列任務完判斷空否則迴圈輸檢驗確清過"
    "版本註解明例模組測三次嘗"
)
_JAPANESE = frozenset(
    "あいうえおかがきぎくけげこごさざしじすせそただちっつてでとどなにぬねのはばひびふへべほまみむめも"
    "やゆよょらりるれろわをんアィイウェエォオカガキギクグケゲコゴサザシジスズセソタダチッツテデトドナニ"
    "ネノハバパヒビピフブプヘベペホボポマミムメモャュユョラリルレロワンー日一人年大十二本中長出三同時"
    "政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問"
    "高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強"
    "気小七成期公持野協取都和統以機平総加思家話世受区領多県続進正安設定読込書処失敗再試数値文字列関数"
    "引戻初期変換検索検証保存削除追加更新表示画面接続先通信待機終了開始例外誤計算消費税型配列確認"
)
_KOREAN = frozenset(
    "이는다을를에의가로하고사지기정은한도리어서자나인수시아대해라일과부스해으전면있들보것그제공장주게"
    "만구여안원상조유경성용세동신할와거우비선러중오문화무생적드개국된미였관모려내않실때년계받위학파"
    "방간물말바터당연호소진까식두발음회반크등영단결재명체없록요됩니습타함합행설복속류오업도트초변확"
    "인저삭제수정추출력입값열번째태처객함결과연목료패킷쓰레블키색션데베처읽쓰찾복사실패다시시다일암파로드"
)
_CYRILLIC = frozenset("оеаинтсрвлкмдпуыяьбзгчй")
_LATIN = frozenset(
    "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþßœšžÄÅÆÇÉÈÑÖØÜÀÁÂÊÍÓÔÚŠŽŒ’‘“”„–—…•€£§©®°±²³µ·¶«»¿¡´¼½¾×÷ª\xa0"
)
_CJK_SIGNS = frozenset("、。「」『』，；：？！（）《》【】…—“”‘’・　〜～")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")

_CANDIDATES = (
    ("cp932", _JAPANESE, 0.3),
    ("euc_jp", _JAPANESE, 0.3),
    ("gb18030", _CHINESE, 0.3),
    ("cp949", _KOREAN, 0.3),
    ("cp950", _TRADITIONAL, 0.3),
    ("koi8_r", _CYRILLIC, 0.6),
    ("cp1251", _CYRILLIC, 0.6),
)
"""Encodings, their everyday letters, and the share of those that is no accident.

Rare letters of other languages reach 0.1, and half-width kana, which nearly any bytes are in
Shift-JIS, 0.4; but then others fit better. In this order where two read alike.
"""

_SAMPLE_BYTES = 1 << 16
_LOOKED_AT_BYTES = 1 << 22
_STRETCH = re.compile(rb"[\x00-\x7f]?[\x80-\xff](?:[\x00-\x7f]{0,2}[\x80-\xff])*[\x00-\x7f]{0,3}")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CYRILLIC_WORD = re.compile("[\u0400-\u045f]{3,}")
_CONTROL_LETTER = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STRANGE = frozenset({"Cn", "Co", "Cs"})
_LATIN_RUN = re.compile(r"[^\x00-\x7f]+")

_LATIN_READABLE = 0.6
"""Of Latin letters it is larger: nearly any byte is one, and only that they stand apart tells."""

_BAD_ONE_IN = 50
"""So few letters may be broken."""

_UTF16_SAMPLE_BYTES = 1 << 14


def legacy_encoding(data: bytes) -> str | None:
    """The encoding of bytes that are not UTF-8 and hold no NUL; None if they read as nothing."""
    head = data[:_LOOKED_AT_BYTES]
    if _CONTROL.search(head):
        return None
    stretches: list[bytes] = []
    size = 0
    for match in _STRETCH.finditer(head):
        stretches.append(match[0][: _SAMPLE_BYTES - size])
        size += len(match[0])
        if size >= _SAMPLE_BYTES:
            break
    sample = b"\n".join(stretches)
    if _is_nearly_utf8(sample):
        return None
    best, most = None, 0.0
    for encoding, everyday, least in _CANDIDATES:
        share = _everyday_share(sample, encoding, everyday)
        if share > max(most, least):
            best, most = encoding, share
    return "cp1252" if _latin_share(sample) >= max(most, _LATIN_READABLE) else best


def _everyday_share(sample: bytes, encoding: str, everyday: frozenset[str]) -> float:
    """The share of everyday letters among those that are not ASCII; 0 if too many are broken."""
    text = sample.decode(encoding, "replace")
    letters = [letter for letter in text if letter > "\x7f" and letter not in _CJK_SIGNS]
    if not letters or text.count("\ufffd") * _BAD_ONE_IN > len(letters):
        return 0.0
    if everyday is _CYRILLIC:  # a lone accented letter is one of them, too
        text = "".join(_CYRILLIC_WORD.findall(text))
    found = sum(letter in everyday for letter in text)
    # Nearly any bytes are half-width kana in Shift-JIS.
    return (found + 0.4 * len(_HALF_WIDTH.findall(text))) / len(letters)


def _latin_share(sample: bytes) -> float:
    """The same for Western Europe, where such letters stand alone or in pairs."""
    text = sample.decode("cp1252", "replace")
    runs = _LATIN_RUN.findall(text)
    letters = sum(map(len, runs))
    single = sum(len(run) for run in runs if len(run) <= 2 and _LATIN.issuperset(run))
    return single / letters if letters else 0.0


def _is_nearly_utf8(sample: bytes) -> bool:
    """Whether more letters are whole in UTF-8 than broken: a text that was cut, or mixed."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return len(_LATIN_RUN.sub("", text)) + 2 * broken < len(text)


def utf16_without_mark(data: bytes) -> str | None:
    """The text of UTF-16 that does not say what it is; None of other bytes.

    Source code is mostly ASCII, of which every other byte is NUL. What is no text has more NULs,
    control characters or halves of characters.
    """
    sample = data[: _UTF16_SAMPLE_BYTES & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    # One letter in four is ASCII; a few others end in a NUL (U+4E00).
    if 8 * max(even, odd) < max(len(sample), 16) or 8 * min(even, odd) > max(even, odd):
        return None
    text = data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    strange = sum(unicodedata.category(letter) in _STRANGE for letter in text[:_UTF16_SAMPLE_BYTES])
    if _CONTROL_LETTER.search(text) or strange * _BAD_ONE_IN > min(len(text), _UTF16_SAMPLE_BYTES):
        return None
    return None if text.count("\ufffd") * _BAD_ONE_IN > len(text) + _BAD_ONE_IN else text
