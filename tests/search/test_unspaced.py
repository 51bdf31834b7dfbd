"""Questions in writing without spaces, asked of a real index of files with such comments."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.results import Query
from lumen_hooks.storage.reader import open_reader
from tests.support.helpers import update
from tests.support.search_corpus import search_index

if TYPE_CHECKING:
    from tests.support.repository import Repository

FILES = {
    "zh/upload.py": "def a1():\n    # 失败的上传会在三次之后重新尝试\n    return 1\n",
    "zh/config.py": "def a2():\n    # 从配置文件读取数据库连接参数\n    return 2\n",
    "zh/login.py": "def a3():\n    # 检查用户登录密码是否正确\n    return 3\n",
    "zh/cache.py": "def a4():\n    # 清除过期的缓存条目\n    return 4\n",
    "ja/upload.py": "def b1():\n    # 失敗したアップロードを再試行する\n    return 1\n",
    "ja/config.py": "def b2():\n    # ファイルからデータベースの接続先を読む\n    return 2\n",
    "ja/login.py": "def b3():\n    # ユーザーのパスワードを検証する\n    return 3\n",
    "ja/tax.py": "def b4():\n    # 消費税を計算する\n    return 4\n",
    "ko/upload.py": "def c1():\n    # 실패한 업로드를 다시 시도한다\n    return 1\n",
    "ko/config.py": "def c2():\n    # 설정 파일에서 데이터베이스 연결을 읽는다\n    return 2\n",
    "ko/login.py": "def c3():\n    # 사용자의 비밀번호를 확인한다\n    return 3\n",
    "th/upload.py": "def d1():\n    # ลองอัปโหลดไฟล์ที่ล้มเหลวอีกครั้ง\n    return 1\n",
    "th/login.py": "def d2():\n    # ตรวจสอบรหัสผ่านของผู้ใช้\n    return 2\n",
    "ja/請求書.py": "def e1():\n    return 1\n",
    "ja/order.py": "class 注文管理:\n    def 在庫確認(self):\n        return 1\n",
    **{
        f"other/f{n}.py": f"def other{n}():\n    # 别的 其他 他の 다른\n    return 0\n"
        for n in range(20)
    },
}


QUESTIONS = {
    "失败的上传在哪里重试": "zh/upload.py",
    "如何读取数据库连接": "zh/config.py",
    "在哪里检查密码": "zh/login.py",
    "过期缓存": "zh/cache.py",
    "アップロードの再試行はどこですか": "ja/upload.py",
    "データベースの接続を読むところ": "ja/config.py",
    "ﾊﾟｽﾜｰﾄﾞの検証": "ja/login.py",
    "税": "ja/tax.py",
    "업로드를 재시도하는 곳은 어디인가요": "ko/upload.py",
    "데이터베이스에 어떻게 연결하나요": "ko/config.py",
    unicodedata.normalize("NFD", "비밀번호 확인"): "ko/login.py",
    "การอัปโหลดไฟล์อีกครั้ง": "th/upload.py",
    "รหัสผ่าน": "th/login.py",
    "請求": "ja/請求書.py",
    "在庫を確認する": "ja/order.py",
    "注文管理": "ja/order.py",
}


def test_questions_find_their_files(repo: Repository) -> None:
    repo.commit(dict(FILES))
    embedder = BuiltinEmbedder()
    update(repo, embedder)
    reader = open_reader(find_worktree(str(repo.top)).index_path)
    assert reader is not None
    with reader:
        found = {asked: search_index(reader, embedder, Query(asked)) for asked in QUESTIONS}
    assert {asked: hits[0].path for asked, hits in found.items()} == QUESTIONS
