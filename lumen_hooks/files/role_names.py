"""The names by which a file's roles are known, ecosystem by ecosystem. Tables for roles.py alone.

Folders are in lower case. A word of a folder's name is what stands between `-` and `_`.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# forms: docs, config; everything else is code

CODE_ENDINGS = _words(
    "py pyi go js jsx ts tsx mjs cjs vue svelte java kt scala groovy cs fs vb c h cc cpp cxx hpp hh"
    " m mm rs rb php swift dart ex exs erl hs ml mli clj lua pl pm r jl sh bash zsh sql css scss"
    " proto graphql zig nim"
)
PROSE_ENDINGS = _words("md mdx rst adoc")
PAGE_ENDINGS = _words("html htm xhtml")
"""Docs in a folder of docs, else code."""
MAYBE_MORE = re.compile(
    r"config|conf|rc\.|setup|noxfile|file\.|mix\.exs|package\.swift|\.pnp|^licen|^readme|lock"
)
"""Names that need a closer look whatever their ending."""
DOCS_ENDINGS = _words(
    "md markdown mdown mkd mdx qmd rmd rst rest adoc asciidoc asc txt text tex bib texi texinfo org"
    " pod rdoc textile wiki mediawiki creole man mdoc roff rd typ docbook"
)
CONFIG_ENDINGS = _words(
    "json jsonc json5 jsonl ndjson geojson webmanifest yaml yml toml ini cfg cnf conf config env"
    " properties xml xsd plist entitlements csproj fsproj vbproj vcxproj props targets sln pbxproj"
    " xcconfig xcscheme xcworkspacedata storyboard xib nuspec resx editorconfig tfvars lock lockb"
    " sum mod resolved lockfile freeze service desktop csv tsv svg po pot log map snap meta cabal"
    " gradle bazelrc npmrc nvmrc ruleset globalconfig strings xcprivacy reg"
)
DOCS_NAMES = _words(
    "readme authors contributors maintainers credits thanks contributing install todo faq hacking"
    " security support governance code_of_conduct roadmap about"
)
"""Without an ending; and the names of release notes and licences, below."""

CONFIG_NAMES = _words(
    "codeowners version description namespace procfile cname brewfile pipfile go.work"
)
REQUIREMENTS = re.compile(r"^(?:.*[._-])?(?:requirements|constraints)(?:[._-].*)?\.(?:txt|in)$")
WRAPPERS = _words("in example sample dist tmpl template tpl j2 erb orig bak mustache")
"""Endings before which another tells what it is (`config.h.in`)."""
MAN_PAGE = re.compile(r"\.[1-9](?:p|pm|ssl|x)?(?:\.in)?$")

BUILD_NAMES = re.compile(
    r"^(?:(?:gnu)?makefile|(?:docker|container|jenkins|vagrant|rake|gem|pod|cart|just|task|fast"
    r"|guard|danger|brew)file|sconstruct|sconscript|wscript)(?:\..*)?$"
    r"|^(?:build|workspace)(?:\.bazel|\.bzl)?$|^(?:cmakelists\.txt|meson(?:_options)?\.(?:build|txt|options)|configure(?:\.ac|\.in)?"
    r"|module\.bazel|go\.mod|setup\.(?:py|cfg)|noxfile\.py|pyproject\.toml|tox\.ini|package\.json"
    r"|cargo\.toml|pom\.xml|mix\.exs|package\.swift|rebar\.config|dune(?:-project)?|stack\.yaml"
    r"|composer\.json|gulpfile\..*|gruntfile\..*|docker-compose.*|gradlew(?:\.bat)?"
    r"|mvnw(?:\.cmd)?)$"
    r"|\.(?:cmake|mk|mak|am|bzl|gradle|gradle\.kts|sbt|gemspec|podspec|cabal|csproj|fsproj|vbproj"
    r"|vcxproj|pbxproj|sln|nuspec|spec)$"
)
CONFIG_CODE = re.compile(
    r"(?:^|[._-])(?:config|conf|rc)\.(?:[cm]?[jt]s|jsx|tsx)$|^\.\w+rc\.[cm]?js$|^\.pnp\.c?js$"
    r"|^(?:setup|noxfile|conf)\.py$|^(?:gulp|grunt)file\.|^(?:gem|pod|rake|guard|vagrant)file$"
    r"|^(?:mix\.exs|package\.swift|manifest\.in)$|\.(?:gemspec|podspec|sbt|gradle\.kts)$"
)
"""Settings in a programming language: code and config both."""

# docs of one kind

CHANGELOG = re.compile(
    r"^(?:change[-_ ]?logs?|changes|history|news|relnotes|(?:release|patch)[-_ ]?notes?"
    r"|what'?s?[-_ ]?new|(?:breaking|api)[-_ ]?changes|upgrad(?:e|ing)|migrating"
    r"|(?:migration|upgrad(?:e|ing))[-_ ]?(?:guide|notes?))"
    r"(?:[-_. ](?:v?\d.*|guide|notes?|to|from|archive|old|next|unreleased|[a-z]{2}(?:[-_]\w{2,4})?"
    r"|.*\d.*))?$",
    re.IGNORECASE,
)
LOUD_CHANGELOG = re.compile(r"^(?:MIGRATIONS?|RELEASES)$")
"""In small letters these are about databases and deployment."""
CHANGELOG_FOLDERS = _words(
    "changelog changelogs changelog.d .changes .changeset changes newsfragments news.d releasenotes"
    " release-notes release_notes releases whatsnew whats_new whats-new towncrier"
)
LICENCE = re.compile(
    r"^(?:(?:.*[-_. ])?(?:un)?licen[sc]es?|copying|copyrights?|notices?|patents|eula|legal"
    r"|third[-_ ]?party[-_ ]?(?:notices?|licen[sc]es?))(?:[-_. ].*)?$",
    re.IGNORECASE,
)
LICENCE_FOLDERS = frozenset({"licenses", "licences", "license", "licence"})
DOCS_FOLDERS = _words(
    "doc docs documentation docsite doc-site manual manuals man website guides vignettes wiki"
    " _docs mkdocs sphinx javadoc"
)

# tests

TEST_FOLDERS = _words(
    "test tests testing __tests__ __test__ __mocks__ __mock__ __snapshots__ __fixtures__ mock mocks"
    " fixture fixtures testdata testutil testutils testhelper testhelpers testlib testsuite"
    " testsuites testcase testcases testsupport testfixtures testresources testkit testenv"
    " testthat unittest unittests selftest selftests e2e cypress cassettes goldens"
    " step_definitions tst xt"
)
TEST_PLURALS = _words("tests fixtures mocks e2e testdata testsuite")
"""Last words of a folder's name (`browser-tests`, `MyApp.Tests`)."""
TEST_QUALIFIERS = _words(
    "integration unit functional smoke system acceptance api ui browser load regression contract"
    " golden snapshot end2end e2e conformance fuzz compile run stress android ios web js node cli"
    " manual mock"
)
"""With `-test` after it, a folder of tests; other such names are products (`spring-test`)."""
TEST_PRODUCTS = _words("runner runners framework frameworks engine server host api")
"""After `test-`, what runs the tests of others."""
SPEC_FOLDERS = frozenset({"spec", "specs", "t"})
"""Of tests, if it is code that they hold (`t` at the top only)."""
COMMAND_FOLDERS = _words("command commands cmd cmds subcommands cli bin builtin tasks")
"""A `test.py` in one of these is how a program tests, not a test of it."""

TEST_CODE = re.compile(
    r"^(?:[Tt]est[_-].+|tests?\.[^.]+|test[A-Z]\w*\.[^.]+|conftest\.py|tst_.+|mock_.+"
    r"|test(?:util|helper|data|lib|support|fixture)s?\.[^.]+|setup-?[Tt]ests?\.[^.]+"
    r"|(?:spec|rails|swagger|system)_helper\.rb|run-?_?tests?\.[^.]+"
    r"|Test[A-Z]\w*\.(?:java|c|cc|cpp|hs|scala|m|mm))$"
    r"|[._-](?:tests?|cy|e2e|e2e-spec|test-d|tst|mocks?|fixtures?)\.[^.]+$|\.spec\.[^.]+$"
    r"|[_-]spec\.(?:rb|[cm]?[jt]sx?|lua|cr|coffee|moon|exs?|rkt)$"
    r"|[_-]test[_-](?:util|helper|support|data|base|common|suite|fixture)s?\.[^.]+$"
    r"|[A-Za-z0-9](?:Tests?|TestSuite)\.[^.]+$|[A-Za-z0-9]TestCase\.(?:php|java|swift|m|kt|cs)$"
    r"|[a-z0-9]IT(?:Case)?\.(?:java|kt|groovy|scala)$"
    r"|[A-Za-z0-9]Spec\.(?:scala|groovy|hs|kt|swift|[jt]sx?|coffee|purs|elm)$"
    r"|[A-Za-z0-9]Suite\.scala$|_SUITE\.erl$|(?:_ut|_?unittest|_(?:g|perf|browser|fuzz)test)\.(?:cc|cpp|c)$"
)
"""Of names of code."""
TEST_FILES = re.compile(
    r"\.(?:t|bats|feature|snap|phpt|slt|robot|golden|test|cassette|tape)$"
    r"|\.(?:approved|received|verified)\.[^.]+$"
)

# examples, benchmarks, what is kept for old users

EXAMPLE_WORDS = _words(
    "example examples sample samples demo demos tutorial tutorials playground playgrounds"
    " quickstart quickstarts cookbook showcase stories _examples docs_src getting-started"
    " workshop"
)
DOMAINS = _words("com org net io dev")
"""`com/example` is a package's name."""
EXAMPLE_FILES = re.compile(r"\.(?:stories|story)\.[^.]+$|\.(?:example|sample|dist)$|^example\.")
EXAMPLE_CODE = re.compile(
    r"^(?:examples?|demos?)(?:[_-].*)?\.[^.]+$|[._-](?:examples?|demo)\.[^.]+$"
    r"|[a-z0-9](?:Examples?|Demo|Samples?)\.[^.]+$|^sample_.*"
)
BENCHMARK_WORDS = _words(
    "bench benches benchmark benchmarks benchmarking microbench microbenchmark microbenchmarks"
    " jmh perftest perf-test perf-tests asv_bench"
)
BENCHMARK_CODE = re.compile(
    r"^(?:bench|benchmark)s?(?:[._-].*)?\.[^.]+$|[._-]bench(?:mark)?s?\.[^.]+$"
    r"|[a-z0-9]Bench(?:marks?)?\.[^.]+$|[._-]perf\.[^.]+$"
)
COMPAT_WORDS = _words(
    "compat compatibility legacy deprecated obsolete shim shims polyfill polyfills ponyfill"
    " backport backports backcompat"
)
OLD_FOLDERS = frozenset({"old", "v0", "v1", "attic", "_old"})
VERSIONED = DOMAINS | _words(
    "api apis rest proto protos protobuf protocol rpc grpc http routes endpoints controllers"
)
"""A `v1` below one of these is the version of a protocol or package, and mostly the current one."""

# others' code, and programs'

VENDORED_FOLDERS = _words(
    "vendor vendored _vendor _vendored third_party third-party thirdparty 3rdparty 3rd_party"
    " 3rd-party node_modules bower_components jspm_packages web_modules pods carthage godeps"
    " site-packages dist-packages .venv venv virtualenv .yarn .bundle"
)
VENDORED_TOPS = _words("external externals extern deps vendors dependencies")
"""The first folder, or the one below SOURCES; further down these are names of modules."""
SOURCES = frozenset({"src", "lib", "libs", "source"})
VENDORED_FILES = re.compile(
    r"[.-]min\.(?:js|mjs|css)$|^jquery[.-]\d.*\.js$|^(?:gradlew|mvnw)(?:\.(?:bat|cmd))?$"
    r"|^(?:config\.(?:guess|sub)|ltmain\.sh|install-sh|depcomp|missing|libtool\.m4|lt\w+\.m4"
    r"|ppport\.h|erlang\.mk|cpplint\.py)$"
)
SUBPROJECT = re.compile(r"^subprojects/.*(?:\.(?:c|h|cc|cpp|cxx|hpp|wrap|build)|meson\.build)$")
"""Meson keeps others' projects there, Gradle one's own."""

GENERATED_FOLDERS = _words(
    "generated __generated__ _generated autogen autogenerated generated-sources generated-src"
    " generated_sources .idea"
)
GENERATED_FILES = re.compile(
    r"_pb2(?:_grpc)?\.pyi?$|[._]pb\.(?:gw\.)?(?:go|cc|h|hpp|rb|swift|js|ts|d\.ts|validate\.go)$"
    r"|_grpc(?:_web)?_pb\.(?:js|d\.ts)$|\.pb-c\.[ch]$|\.pbobjc\.[hm]$"
    r"|\.(?:g|freezed|gr|mocks)\.dart$|\.g(?:\.i)?\.cs$|\.g\.ts$|\.[Dd]esigner\.(?:cs|vb)$"
    r"|\.feature\.cs$|[._-](?:generated|autogen)\.[^.]+$|\.gen\.[^.]+$|^generated\.[^.]+$"
    r"|^zz_generated|[._-]generated\.deepcopy\.\w+$|^wire_gen\.go$|^bindata\.go$"
    r"|_(?:easyjson|ffjson)\.go$|^moc_.*\.(?:cpp|cc|h)$|^qrc_.*\.cpp$|^lex\.yy\.|^y\.tab\."
    r"|\.(?:tab|yy)\.(?:c|cc|cpp|h|hpp)$|^(?:parsetab|lextab)\.py$|_wrap\.cxx$|_TLB\.pas$"
    r"|\.zep\.[ch]$|[.-]min\.(?:js|mjs|css)$|\.(?:js|css)\.map$|\.bundle\.js$|\.snap$|\.pot$"
    r"|\.pbxproj$|\.xcworkspacedata$|^ppport\.h$|^\.pnp\.c?js$"
)
LOCKS = re.compile(
    r"(?:^|\.)(?:lock|lockb|lockfile)$|[._-]lock(?:file)?\.(?:ya?ml|json|toml|txt|hcl)$|^(?:go|go\.work)\.sum$"
    r"|^npm-shrinkwrap\.json$|^(?:package|cartfile)\.resolved$|^packages\.lock\.json$"
    r"|^cabal\.project\.freeze$",
    re.IGNORECASE,
)
"""Versions as a tool wrote them down."""
OUTPUT = re.compile(r"^dist/.*\.(?:[cm]?jsx?|d\.[cm]?ts|css|map)$")

# how it is built, and what only hands on or declares

BUILD_FOLDERS = _words(
    "scripts script ci .ci .github .gitlab .circleci .buildkite .azure-pipelines buildsrc"
    " build-logic build-tools buildtools build_tools hack packaging"
)
BUILD_TOPS = _words("tools tool dev devtools build etc utils-dev release misc")
"""The first folder only."""
DELIVERED_SCRIPTS = _words("src app lib assets static public wwwroot www web")
"""`scripts` below one of these are the product's."""

ENTRY = re.compile(
    r"^(?:__init__\.pyi?|index\.(?:[cm]?[jt]sx?|d\.ts|vue|php)|mod\.(?:rs|ts)|lib\.rs|doc\.go"
    r"|package-info\.java|module-info\.java|init\.lua|exports\.[jt]s)$"
)
DECLARATION = re.compile(r"\.(?:d\.[cm]?ts|pyi|h|hh|hpp|hxx|mli|rbi|hrl|ads|hs-boot)$")
