"""Files of several languages: each part is cut by its own, on the rows of the file."""

from __future__ import annotations

import pytest

from lumen_hooks.chunking.chunker import chunk_file, is_parsed
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.naming.languages import language_of_text
from lumen_hooks.chunking.parts.embedded import PROSE, parts_of
from lumen_hooks.chunking.parts.fences import STYLES, blocks, fences, info_of
from lumen_hooks.chunking.syntax.grammars import GRAMMARS, Grammar
from tests.chunking.checks import assert_covers


def js(name: str, rows: int = 12) -> str:
    """A function of JavaScript of about 45 characters a row."""
    body = "".join(f"  total_{row} = total + {row} * price * quantity\n" for row in range(rows))
    return f"function {name}(total) {{\n{body}}}\n"


def py(name: str, rows: int = 12, indent: str = "") -> str:
    """A function of Python."""
    body = "".join(f"{indent}    total_{row} = price + {row} * quantity\n" for row in range(rows))
    return f"{indent}def {name}(price, quantity):\n{body}"


def defined(path: str, text: str) -> dict[str, tuple[str, str]]:
    """Each definition that a chunk holds: its kind and its first line."""
    chunks = chunk_file(path, text).chunks
    assert_covers(text, chunks)
    rows = text.split("\n")
    return {
        held.name: (held.kind, rows[held.start_line - 1].strip())
        for chunk in chunks
        for held in chunk.holds
        if held.kind not in {"constant", "key"}
    }


ADD = ("function", "function add(total) {")
DROP = ("function", "function drop(total) {")
PAGES = {
    "vue": ("a.vue", f"<template>\n<p/>\n</template>\n\n<script setup>\n{js('add')}</script>\n"),
    "vue, TypeScript": (
        "a.vue",
        (
            f'<script lang="ts">\ntype A = 1\n{js("drop")}</script>\n'
            f'<script lang="ts" setup>\n{js("add")}</script>\n'
            '<style lang="scss">\n.a {}\n</style>\n'
        ),
    ),
    "vue, templates in templates": (
        "a.vue",
        (
            "<template>\n<template v-if='a'>\n</template>\n<template />\n<pre><script>\nno()\n"
            f"function none() {{}}\n</script></pre>\n</template>\n<script>\n{js('add')}</script>\n"
        ),
    ),
    "svelte": (
        "a.svelte",
        (
            f'<script context="module" lang="ts">\n{js("drop")}</script>\n\n'
            f'<script lang="ts" generics="T extends A<B>">\n{js("add")}</script>\n<p>{{a}}</p>\n'
        ),
    ),
    "astro": (
        "a.astro",
        f"---\nimport A from './A.astro'\n{js('add')}---\n<A />\n<script>\n{js('drop')}</script>\n",
    ),
    "html": (
        "a.html",
        (
            f"<html>\n<title><script></title>\n<script type='module'>\n{js('add')}</script>\n"
            f"<SCRIPT>\n{js('drop')}</SCRIPT >\n</html>\n"
        ),
    ),
    "html, shared rows": (
        "a.html",
        f"<p>a</p><script>\n{js('add')}</script><p>b</p>\n<p>c</p>\n",
    ),
    "html, comments": (
        "a.html",
        f"<!-- <script>\nfunction none() {{}}\n</script> -->\n<script>\n{js('add')}</script>\n",
    ),
    "html, a comment in a script": (
        "a.html",
        (
            f"<script>\n<!--\n{js('add')}document.write('<script>x</script>')\n{js('drop')}-->\n"
            "</script>\n"
        ),
    ),
    "html, other types": (
        "a.html",
        (
            '<script type="text/x-template">\n<b>function none() {}</b>\n</script>\n'
            '<script type="application/ld+json">\n{"none": 1}\n</script>\n'
            '<script type="text/unheard-of">\nfunction none() {}\n</script>\n'
            f"<script>\n{js('add')}</script>\n"
        ),
    ),
    "html of a template engine": (
        "a.html",
        f"<script>\nvar a = {{{{ a|json }}}};\n{{% if a %}}\n{js('add')}{{% endif %}}\n</script>\n",
    ),
    "php": (
        "a.php",
        (
            f'<?php $a = "<script>"; ?>\n<script>\nvar b = <?= json_encode($b) ?>;\n{js("add")}'
            "</script>\n"
        ),
    ),
}
ONLY_ADD = {name: {"add": ADD} for name in PAGES}
BOTH = {"add": ADD, "drop": DROP}
WANTED = ONLY_ADD | {
    "vue, TypeScript": {**BOTH, "A": ("type", "type A = 1"), ".a": ("class", ".a {}")},
    "svelte": BOTH,
    "astro": BOTH,
    "html": BOTH,
    "html, a comment in a script": BOTH,
}


@pytest.mark.parametrize("name", PAGES)
def test_scripts_are_cut_by_their_language(name: str) -> None:
    path, text = PAGES[name]
    assert is_parsed(language_of_text(path, text), text)
    assert defined(path, text) == WANTED[name]


@pytest.mark.parametrize(
    "text",
    [
        f"<script>\n{js('add')}",
        f"<script\n{js('add')}",
        f"<script>{js('add')}</scripts>\n",
        f"<script>{js('add').replace(chr(10), ' ')}</script>\n",
        f"<textarea>\n<script>\n{js('add')}</script>\n</textarea>\n",
        "<script>\n\n</script>\n",
        "<script src='a.js'></script>\n",
    ],
)
def test_what_is_no_script_stays_with_the_page(text: str) -> None:
    assert defined("a.html", text) == {}


def test_a_part_stands_with_its_tags_and_the_page_goes_on_below() -> None:
    text = (
        f"<template>\n{'  <p>words of a page</p>' * 30}\n</template>\n\n<script>\n{js('add', 30)}\n"
        f"{js('drop', 30)}</script>\n\n<style>\n{'.a { color: red; width: 30px }' * 20}\n</style>\n"
    )
    chunks = chunk_file("a.vue", text).chunks
    assert [(one.symbol, one.text.split("\n")[0], one.text.split("\n")[-1]) for one in chunks] == [
        ("", "<template>", "</template>"),
        ("add", "<script>", "}"),
        ("drop", "function drop(total) {", "</script>"),
        (".a", "<style>", "</style>"),
    ]


def test_a_script_in_a_function_of_the_host_stays_in_it() -> None:
    text = f"<?php\nfunction show($a) {{\n?>\n<script>\n{js('add')}</script>\n<?php\n}}\n"
    assert list(defined("a.php", text)) == ["show"]


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize("opening", ["@code {", "@functions\n{"])
def test_the_members_of_a_razor_page(opening: str, rows: int) -> None:
    body = "".join(f"        total += price * {row};\n" for row in range(rows))
    text = (
        f"<h1>@Title</h1>\n\n{opening}\n    [Parameter] public string Title {{ get; set; }}\n\n"
        f"    private async Task Add()\n    {{\n{body}    }}\n\n"
        f"    private void Drop()\n    {{\n{body}    }}\n}}\n"
    )
    found = defined("a.razor", text)
    assert {name: kind for name, (kind, _) in found.items() if name != "Title"} == {
        "Add": "method",
        "Drop": "method",
    }
    assert all("Component__" not in one.header for one in chunk_file("a.razor", text).chunks)


def test_classes_between_markup_are_found() -> None:
    text = (
        "<html>\n<?php if (true): ?>\n<h1>x</h1>\n<?php endif; ?>\n<?php\nclass Cart {\n"
        f"  function total() {{\n{'    $a = 1;' * 60}\n  }}\n}}\n?>\n"
        f"<script>\n{js('add')}</script>\n"
    )
    assert list(defined("a.php", text)) == ["Cart", "Cart.total", "add"]


@pytest.mark.parametrize("language", ["css", "vue"])
def test_a_grammar_that_is_not_installed_is_as_if_there_were_none(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    text = f"<script>\n{js('add')}</script>\n<style>\n/* a */\n</style>\n"
    monkeypatch.setitem(GRAMMARS, language, Grammar("tree_sitter_absent", ("json",)))
    assert not chunk_file("a.vue", text).parse_failed
    assert defined("a.vue", text) == {"add": ADD}


PROSE_WORDS = "Some words about how it is used, and what to look out for.\n" * 8
LISTINGS = {
    "fence": ("a.md", f"# Use\n\n{PROSE_WORDS}\n```js\n{js('add')}```\n\n{PROSE_WORDS}"),
    "tilde, alias and attributes": (
        "a.md",
        f"# Use\n\n{PROSE_WORDS}\n~~~~ {{.javascript .numbered}}\n{js('add')}~~~~\n",
    ),
    "R Markdown": ("a.Rmd", f"# Use\n\n{PROSE_WORDS}\n```{{js, echo=FALSE}}\n{js('add')}```\n"),
    "in a list": (
        "a.md",
        f"# Use\n\n{PROSE_WORDS}\n1. One:\n\n    ```python\n{py('add', 12, '    ')}    ```\n",
    ),
    "MDX": ("a.mdx", f"# Use\n\n{PROSE_WORDS}\nexport {js('add')}\n{PROSE_WORDS}"),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_is_a_section_below_its_heading(name: str) -> None:
    path, text = LISTINGS[name]
    found = defined(path, text)
    assert list(found) == ["Use", "Use > add"]
    assert {kind for kind, _ in found.values()} == {"section"}
    (own,) = (one for one in chunk_file(path, text).chunks if one.symbol == "Use > add")
    assert own.kind == "section"
    assert "words about" not in own.text
    assert is_parsed(language_of_text(path, text), text)


@pytest.mark.parametrize(
    "listing",
    [
        f"```js\n{js('add', 3)}```",
        f"```\n{js('add')}```",
        f"```unheard-of\n{js('add')}```",
        f"```js\n{js('add')}",
        f"```js\n{'call(with_some, arguments)' * 30}\n```",
        f"```json\n{{{', '.join(f'{chr(34)}a{n}{chr(34)}: {n}' for n in range(90))}}}\n```",
        f"1. One:\n\n    ```js\n{js('add')}\nAfter the list.\n",
    ],
    ids=range(7),
)
def test_other_listings_stay_in_their_section(listing: str) -> None:
    text = f"# Use\n\n{PROSE_WORDS}\n{listing}\n"
    assert list(defined("a.md", text)) == ["Use"]


def test_a_short_introduction_shares_the_chunk_of_its_listing() -> None:
    text = f"# Use\n\nLike this:\n\n```js\n{js('add')}```\n\nThat is all.\n"
    (chunk,) = chunk_file("a.md", text).chunks
    assert (chunk.symbol, chunk.kind) == ("Use, Use > add", "section")
    assert [one.name for one in chunk.holds] == ["Use", "Use > add"]


def test_a_listing_in_a_part_has_no_parts() -> None:
    inner = f"<script>\n{js('add')}</script>\n"
    assert list(defined("a.md", f"# Use\n\n{PROSE_WORDS}\n```html\n{inner}```\n")) == ["Use"]


@pytest.mark.parametrize(
    ("language", "text", "info", "code"),
    [
        ("rst", ".. code-block:: python\n   :linenos:\n\n   a\n\n   b\nc\n", "python", (2, 5)),
        ("rst", "* x\n\n  .. code:: c++\n\n     a\n\n  b\n", "c++", (3, 4)),
        ("asciidoc", "[source,ruby]\n----\na\n----\n", "ruby", (2, 2)),
        ("asciidoc", "[source%linenums, js]\n....\na\n....\n", "js", (2, 2)),
        ("org", "#+BEGIN_SRC emacs-lisp :tangle yes\na\n#+END_SRC\n", "emacs-lisp", (1, 1)),
        ("latex", "\\begin{minted}[linenos]{c}\na\n\\end{minted}\n", "c", (1, 1)),
        ("latex", "\\begin{lstlisting}[language=Java]\na\n\\end{lstlisting}\n", "Java", (1, 1)),
    ],
)
def test_listings_of_other_documents(
    language: str, text: str, info: str, code: tuple[int, int]
) -> None:
    assert language in PROSE
    (found,) = blocks(STYLES[language], text.split("\n"))
    assert (found.info, (found.code_first, found.code_last)) == (info, code)


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("python", "python"),
        (" ts {1,3} [a.ts]", "ts"),
        ("rust,ignore", "rust"),
        ("js:app.js", "js"),
        ("{r, echo=FALSE}", "r"),
        ("{.haskell .numberLines}", "haskell"),
        ("{code-block} c#", "c#"),
        ("c++", "c++"),
        ("", ""),
    ],
)
def test_info_strings(info: str, name: str) -> None:
    assert info_of(info) == name


def test_a_longer_fence_holds_shorter_ones() -> None:
    text = "````md\n```js\na\n```\n````\n~~~\n```\n~~~\n"
    assert [(one.first, one.last) for one in fences(SourceLines(text))] == [(0, 4), (5, 7)]


def test_parts_are_apart_and_in_order() -> None:
    text = "<script>\na\n</script><script>\nb\nc\nd\n</script><style>\na\nb\n</style>\n"
    parts = parts_of("html", text, SourceLines(text))
    assert [(one.first, one.last) for one in parts] == [(0, 1), (3, 5), (7, 9)]
    assert all(len(one.text.split("\n")) == one.last - one.first + 1 for one in parts)
