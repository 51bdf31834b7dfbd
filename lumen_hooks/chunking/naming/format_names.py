"""The table of what is written but does not run: markup, styles, templates, data, configuration.

Goes on with `language_names`, in its terms; builds and interfaces are here as well.
"""

from __future__ import annotations

from .language_names import Names

FORMAT_NAMES = {
    "aidl": Names("aidl"),
    "antlers": Names("antlers.html antlers.php"),
    "apacheconf": Names(
        "htaccess apacheconf", ".htaccess apache2.conf httpd.conf", aliases="apache"
    ),
    "asciidoc": Names("adoc asciidoc asc adoc.txt"),
    "aspx": Names("aspx ascx ashx asmx asax master", aliases="asp.net webforms"),
    "astro": Names("astro"),
    "avro-idl": Names("avdl", aliases="avro"),
    "baml": Names("baml"),
    "bibtex": Names("bib bibtex bst"),
    "bicep": Names("bicep bicepparam"),
    "bitbake": Names("bb bbappend bbclass"),
    "blade": Names("blade.php blade"),
    "cabal": Names("cabal", "cabal.project cabal.config", aliases="cabal-config"),
    "caddyfile": Names("caddyfile", "caddyfile", aliases="caddy"),
    "cap-cds": Names("cds", aliases="cds"),
    "capnp": Names("capnp", aliases="capn-proto cap'n-proto"),
    "closure-templates": Names("soy", aliases="soy"),
    "cmake": Names("cmake", "cmakelists.txt"),
    "crontab": Names("crontab", "crontab"),
    "css": Names("css pcss postcss"),
    "csv": Names("csv tsv psv", aliases="tsv"),
    "cue": Names("cue"),
    "d2": Names("d2"),
    "devicetree": Names("dts dtsi dtso"),
    "dhall": Names("dhall"),
    "diff": Names("diff patch", aliases="udiff"),
    "dockerfile": Names("dockerfile containerfile", "containerfile dockerfile", aliases="docker"),
    "dot": Names("gv dot", aliases="graphviz"),
    "dotenv": Names("env", ".env .flaskenv"),
    "dune": Names(files="dune dune-project dune-workspace"),
    "earthfile": Names("earth", "earthfile", aliases="earthly"),
    "ebnf": Names("ebnf bnf abnf"),
    "edge": Names("edge"),
    "ejs": Names("ejs ect jst", aliases="embedded-javascript"),
    "erb": Names("erb rhtml ecr", aliases="html+erb eruby"),
    "flatbuffers": Names("fbs", aliases="flatbuffer"),
    "freemarker": Names("ftl ftlh", aliases="ftl"),
    "gcode": Names("gcode gco nc"),
    "gdb": Names("gdb gdbinit", ".gdbinit"),
    "gettext": Names("po pot", aliases="gettext-catalog"),
    "gherkin": Names("feature story", aliases="cucumber"),
    "gn": Names("gn gni", aliases="generate-ninja"),
    "go-module": Names(files="go.mod go.work", aliases="gomod go.mod go-workspace"),
    "go-template": Names("gotmpl gohtml tmpl", aliases="gotmpl go-html-template helm"),
    "graphql": Names("graphql gql graphqls", aliases="gql"),
    "gsp": Names("gsp", aliases="groovy-server-pages"),
    "haml": Names("haml"),
    "handlebars": Names("hbs handlebars mustache", aliases="html+handlebars mustache htmlbars"),
    "haproxy": Names("haproxy", "haproxy.cfg"),
    "heex": Names("heex eex leex", aliases="html+eex eex"),
    "hocon": Names("hocon"),
    "html": Names("html htm xhtml xht", aliases="xhtml"),
    "http": Names("http rest hurl", aliases="hurl"),
    "icalendar": Names("ics vcf", aliases="ical vcard"),
    "idl": Names("idl webidl odl midl", aliases="webidl"),
    "ignore": Names(
        "gitignore dockerignore",
        ".dockerignore .eslintignore .gitattributes .gitignore .npmignore .prettierignore .ignore"
        " .lumenignore .stylelintignore .vercelignore .gcloudignore .helmignore codeowners"
        " .cvsignore .nodemonignore .rgignore .vscodeignore .babelignore .eslint-ignore .fdignore"
        " .markdownlintignore .easignore .git-blame-ignore-revs",
        aliases="ignore-list gitignore gitattributes codeowners",
    ),
    "ini": Names(
        "ini cfg conf cnf prefs dof inf desktop service socket tscn tres godot reg editorconfig"
        " network container gdnlib timer mount",
        ".coveragerc .editorconfig .flake8 .gitconfig .gitmodules .hgrc .npmrc .pylintrc .pypirc"
        " .wgetrc .curlrc gitconfig pylintrc .buckconfig .gitreview buildozer.spec nim.cfg"
        " .inputrc .sqlfluff",
        aliases="dosini systemd godot-resource",
    ),
    "inno-setup": Names("iss"),
    "java-server-pages": Names("jsp jspf jspx tag tagx", aliases="jsp"),
    "jcl": Names("jcl"),
    "jinja": Names(
        "jinja jinja2 j2 njk nunjucks", aliases="nunjucks html+jinja html+django django"
    ),
    "json": Names(
        "json jsonc json5 geojson webmanifest jsonl ndjson topojson har avsc code-workspace"
        " tfstate sublime-settings sublime-project mcmeta arb importmap gltf sarif jsonld slnf"
        " code-snippets hujson webapp tfstate.backup json-tmlanguage sublime-build"
        " sublime-commands sublime-keymap sublime-menu sublime-theme sublime-color-scheme"
        " excalidraw 4dform 4dproject yyp",
        files=(
            ".arcconfig .babelrc .bowerrc .eslintrc .jscsrc .jshintrc .prettierrc .stylelintrc"
            " .swcrc .watchmanconfig composer.lock flake.lock pipfile.lock deno.lock bun.lock"
            " .all-contributorsrc .c8rc .nycrc .releaserc .htmlhintrc .lintstagedrc .commitlintrc"
            " .tern-project .jslintrc .tern-config .imgbotconfig package.resolved"
        ),
        aliases="jsonc json5 geojson jsonlines json-with-comments json-lines",
    ),
    "jsonnet": Names("jsonnet libsonnet"),
    "jte": Names("jte kte"),
    "jupyter": Names("ipynb", aliases="jupyter-notebook ipython-notebook notebook"),
    "just": Names("just", "justfile .justfile", "just", aliases="justfile"),
    "kconfig": Names("kconfig", "kconfig"),
    "kdl": Names("kdl"),
    "latex": Names(
        "tex ltx sty cls dtx ins latex bbx cbx lbx mkii mkiv rnw", aliases="tex context plaintex"
    ),
    "latte": Names("latte"),
    "less": Names("less", aliases="less-css"),
    "lilypond": Names("ly ily"),
    "linker-script": Names("ld lds", aliases="ld"),
    "liquid": Names("liquid"),
    "lookml": Names("lkml lookml"),
    "m4": Names("m4 ac", "configure.ac configure.in", "m4", aliases="autoconf m4sugar"),
    "make": Names(
        "mk mak make makefile am mkfile",
        "gnumakefile makefile kbuild makefile.inc mkfile",
        "make gmake",
        aliases="makefile gnumake bsdmake automake mf",
    ),
    "mako": Names("mako mao"),
    "markdown": Names(
        "md markdown mdx mdown mkd mkdn mdwn qmd rmd livemd mdc mkdown ronn svx md.txt",
        aliases="mdx rmarkdown quarto pandoc",
    ),
    "marko": Names("marko"),
    "mediawiki": Names("mediawiki wiki wikitext", aliases="wikitext"),
    "mermaid": Names("mmd mermaid"),
    "meson": Names(files="meson.build meson.options meson_options.txt"),
    "mjml": Names("mjml"),
    "nginx": Names("nginx nginxconf vhost", "nginx.conf", aliases="nginx-configuration"),
    "nickel": Names("ncl"),
    "ninja": Names("ninja"),
    "nsis": Names("nsi nsh"),
    "org": Names("org", aliases="org-mode"),
    "pkl": Names("pkl", programs="pkl"),
    "plantuml": Names("puml plantuml iuml wsd"),
    "pod": Names("pod", aliases="perldoc"),
    "postscript": Names("ps eps epsi", aliases="ps"),
    "prisma": Names("prisma"),
    "procfile": Names(files="procfile"),
    "proguard": Names(),
    "properties": Names("properties", aliases="java-properties"),
    "proto": Names(
        "proto textproto pbtxt txtpb prototxt",
        aliases="protobuf protocol-buffer protocol-buffers proto3 proto2",
    ),
    "pug": Names("pug jade"),
    "qmake": Names("pri", programs="qmake"),
    "razor": Names("cshtml razor", aliases="html+razor aspnetcorerazor"),
    "requirements": Names(files="requirements.txt constraints.txt", aliases="pip-requirements"),
    "robot": Names("robot resource", aliases="robotframework robot-framework"),
    "roff": Names("roff man troff nroff groff mdoc tmac rno", aliases="man-page groff troff nroff"),
    "ron": Names("ron", aliases="rusty-object-notation"),
    "ros-interface": Names("msg srv action"),
    "rpm-spec": Names("spec"),
    "rst": Names("rst rst.txt", aliases="restructuredtext"),
    "rtf": Names("rtf"),
    "sass": Names("sass"),
    "scss": Names("scss"),
    "slim": Names("slim"),
    "slint": Names("slint"),
    "smarty": Names("tpl smarty"),
    "smithy": Names("smithy"),
    "stylus": Names("styl stylus"),
    "subtitles": Names("srt vtt", aliases="webvtt subrip"),
    "svelte": Names("svelte"),
    "swig": Names("swg swig"),
    "templ": Names("templ"),
    "terraform": Names(
        "tf tfvars hcl tofu nomad tfbackend tf.json pkr.hcl workflow tftpl",
        ".terraformrc terraform.rc .terraform.lock.hcl",
        aliases="hcl tf opentofu packer hashicorp-configuration-language",
    ),
    "texinfo": Names("texi texinfo txi"),
    "textile": Names("textile"),
    "thrift": Names("thrift"),
    "toml": Names("toml", "cargo.lock pipfile poetry.lock uv.lock gopkg.lock pdm.lock"),
    "turtle": Names("ttl n3 nt nq trig", aliases="rdf"),
    "twig": Names("twig", aliases="html+twig"),
    "typespec": Names("tsp"),
    "typst": Names("typ", aliases="typ"),
    "velocity": Names("vm vtl"),
    "visual-studio-solution": Names("sln", aliases="sln"),
    "volt": Names("volt"),
    "vue": Names("vue"),
    "wit": Names("wit", aliases="webassembly-interface-type"),
    "xml": Names(
        "xml xsd xsl xslt svg plist csproj fsproj vbproj props targets xaml axaml axml resx wsdl"
        " atom xul xib storyboard nuspec vcxproj filters vsixmanifest wxi wxl ui qrc dita ditamap"
        " fxml gpx kml iml jelly launch lift mxml nproj proj rdf rng sfproj shproj slnx srdf urdf"
        " sdf xacro xliff xlf xmi xspec xproj zcml dae tmlanguage tmpreferences tmsnippet tmtheme"
        " glade natvis vsct vstemplate wixproj builds ant admx adml dotsettings sitemap jrxml ent"
        " rss jsproj pubxml pkgproj ndproj ccproj cscfg csdef rbxmx xmp",
        files=(
            ".classpath .cproject .project app.config nuget.config packages.config web.config"
            " web.debug.config web.release.config"
        ),
        aliases="xsd xslt svg xaml",
    ),
    "yaml": Names(
        "yaml yml sls reek raml eyaml cff sublime-syntax rviz ksy anim asset mat meta prefab unity"
        " cwl",
        ".clang-format .clang-tidy .clangd .gemrc citation.cff glide.lock pubspec.lock yarn.lock"
        " podfile.lock pixi.lock",
        aliases="yml ansible raml saltstack openapi",
    ),
    "yang": Names("yang"),
    "zmodel": Names("zmodel"),
}
