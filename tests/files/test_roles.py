from __future__ import annotations

import pytest

from lumen_hooks.files.roles import is_generated_text, is_test, roles_of

ROLES = {
    "code": "src/a.py a.go lib/x.hs bin/tool include/a.h web/index.html setup.py a.config.js"
    " docs/conf.py tests/a.rb src/license.py history.py pkg/changes.go",
    "docs": "README README.md a.rst docs/index.html CHANGES LICENSE LICENSE-MIT COPYING.LESSER"
    " AUTHORS HACKING man/git.1 notes.txt",
    "config": "a.json a.yaml Cargo.toml .gitignore .github/CODEOWNERS Makefile CMakeLists.txt"
    " requirements-dev.txt Dockerfile go.sum yarn.lock setup.py vite.config.ts .env.example"
    " data/a.csv",
    "changelog": "CHANGES CHANGELOG.md docs/changelog.rst HISTORY.rst NEWS docs/whatsnew/3.12.rst"
    " doc/whats_new/v1.0.rst"
    " docs/release-notes.md changelog.d/12.fixed.md UPGRADING.md MIGRATION.md RELEASES.md"
    " docs/migration-guide.html CHANGES-1.2.txt docs/releases/4.2.txt newsfragments/7.feature.rst"
    " CHANGELOG-v3.md docs/breaking-changes.md debian/changelog",
    "licence": "LICENSE LICENCE.txt COPYING LICENSE-APACHE NOTICE licenses/MIT.txt MIT-LICENSE"
    " THIRD-PARTY-NOTICES.txt",
    "test": "tests/a.py src/test_a.py pkg/a_test.go web/a.spec.ts web/__tests__/a.js conftest.py"
    " src/UserServiceTest.java web/a.cy.ts web/a.e2e.ts web/a.e2e-spec.ts src/__mocks__/fs.js"
    " mocks/store.go a/mock_store.go api/UserTests.cs Shop.Tests/Cart.cs app/CartSpec.scala"
    " spec/models/user_spec.rb test/user.bats t/basic.t t/t0001-init.sh src/JSONTest.java"
    " src/androidTest/kotlin/A.kt src/testFixtures/java/A.java Tests/ATests.swift testdata/a.txt"
    " pkg/testutil/db.go integration_test/a.dart browser-tests/a.js src/FooIT.java"
    " test/support/conn_case.ex spec/spec_helper.rb app/tests.py lib/test.js a_unittest.cc"
    " tests/test-roles.R e2e/login.ts cypress/support/commands.ts features/login.feature"
    " a/__snapshots__/a.snap fixtures/a.json core/kernel_test_utils.go apps/models/testUtils.ts"
    " src/tests.rs TestMain.java",
    "example": "examples/a.py web/Button.stories.tsx demo/main.go samples/x/src/main/java/A.java"
    " docs_src/a.py pkg/example_test.go docs/a.js .env.example RouterExample.java"
    " spring-boot-samples/a.kt playground/a.ts",
    "benchmark": "bench/a.py benches/a.rs src/jmh/java/A.java a.bench.ts sort_bench.cc"
    " SortBenchmark.java bench_sort.py Shop.Benchmarks/A.cs",
    "compat": "requests/compat.py _compat/a.py src/legacy/a.ts deprecated/a.go pydantic/v1/a.py"
    " lib/legacyRouter.js polyfills/a.js numpy_shim.py src/compat/a.c backports/a.py a_old.c",
    "vendored": "vendor/github.com/a/b.go third_party/zlib/a.c node_modules/a/index.js Pods/A/A.m"
    " pip/_vendor/rich/a.py external/fmt/a.h deps/lua/lua.c src/extern/a.h static/jquery-3.6.js"
    " static/a.min.js gradlew Carthage/Checkouts/a.swift subprojects/glib/glib.c 3rdparty/a.c"
    " venv/lib/site-packages/a.py",
    "generated": "a_pb2.py a_pb2_grpc.pyi api/a.pb.go a.pb.cc lib/a.g.dart a.freezed.dart"
    " Form1.Designer.cs api/a_generated.h src/generated/a.ts __generated__/a.graphql"
    " zz_generated.deepcopy.go moc_window.cpp lex.yy.c y.tab.c parser.tab.h yarn.lock go.sum"
    " package-lock.json Cargo.lock pnpm-lock.yaml client.gen.ts a.min.css dist/app.js"
    " Package.resolved a.snap",
    "build": "Makefile Dockerfile scripts/release.sh .github/workflows/ci.yml setup.py"
    " CMakeLists.txt BUILD.bazel Rakefile tools/gen.py hack/update.sh pom.xml package.json",
    "entry": "a/__init__.py src/index.ts src/mod.rs src/lib.rs pkg/doc.go a/package-info.java",
    "declaration": "a.d.ts a.pyi include/a.h a.hpp a.mli",
}

NOT = {
    "code": "README.md a.json docs/a.html LICENSE CHANGES go.sum Makefile",
    "docs": "src/license.py history.py notice.go readme.py docs/conf.py web/index.html",
    "config": "src/a.py README.md LICENSE",
    "changelog": "history.py src/news.go docs/database/migrations.md changes.json docs/a.md"
    " guides/deployment/releases.md tests/changes/a.py src/releases/a.ts",
    "licence": "src/license.py license_check.go docs/licensing.md",
    "test": "src/latest.py src/contest.py testify/a.go src/attest_a.py flask/testing.py attest.go"
    " latest/a.py src/Latest.java Contest.cs src/greatest/a.go protest/a.py"
    " src/main/java/org/junit/api/RepeatedTest.java spring-test/src/main/java/A.java"
    " src/main/java/org/spring/test/context/A.java cmd/test.go core/management/commands/test.py"
    " src/specification.py podspec.go job_spec.go spec/openapi.yaml specs/rfc.md"
    " src/features/auth.ts"
    " inspect.py src/respect/a.js packages/test-runner/a.ts statsmodels/regression/a.py"
    " snapshots/a.go"
    " src/mockito/a.java fastest/tests_count.txt",
    "example": "src/main/java/com/example/App.java sample.py src/resample.c com/example/App.java"
    " src/demography.py",
    "benchmark": "include/workbench/a.h src/BenchmarkDotNet/Job.cs src/benchmarker.py",
    "compat": "api/v1/users.py google/api/v1/a.proto src/main/kotlin/org/exposed/v1/A.kt"
    " src/threshold.py compatible.md src/fold.py scaffold.py old.py",
    "vendored": "src/vendors.py app/external_api.py pkg/external/client.go"
    " fastapi/dependencies/a.py"
    " src/main/java/com/shop/vendor/V.java subprojects/core/src/main/java/A.java a.min.py"
    " src/depsolver/a.c",
    "generated": "src/generate.py generator.py code_generate.py doc_gen.go gen/a.py dist.py lock.py"
    " src/dist/a.py file_lock.py a.lock.go with-data-base-lock.html src/deadlock.c",
    "build": "src/build.go cmd/build/main.go web/src/scripts/app.ts src/makefiles.py build.ts"
    " src/tools/a.py",
    "entry": "src/index.html a/init.py src/modern.rs lib.c",
    "declaration": "a.ts a.py a.c a.html",
}


@pytest.mark.parametrize("role", ROLES)
def test_what_has_a_role_by_its_path(role: str) -> None:
    assert [path for path in ROLES[role].split() if role not in roles_of(path)] == []


@pytest.mark.parametrize("role", NOT)
def test_what_has_no_such_role(role: str) -> None:
    assert [path for path in NOT[role].split() if role in roles_of(path)] == []


def test_every_file_is_code_docs_or_config() -> None:
    paths = " ".join([*ROLES.values(), *NOT.values(), "a a.b .a . .. a/ /a a.in.in ..in"]).split()
    without = [path for path in paths if not roles_of(path) & {"code", "docs", "config"}]
    assert without == []
    assert is_test("tests/a.py")
    assert not is_test("a.py")


def test_hostile_paths_cost_little() -> None:
    for path in ("a/" * 50_000 + "a.py", "a.in" * 50_000, "-_." * 50_000, "Test" * 50_000):
        assert roles_of(path)
    assert "test" in roles_of("tests/" + "a/" * 5_000 + "b.py")


GENERATED = {
    "go": "// Copyright\n\n// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage a\n",
    "go, after its package": "package a\n\n// Code generated by gqlgen, DO NOT EDIT.\n",
    "protobuf": "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO"
    " NOT EDIT!\n",
    "javascript protobuf": "/**\n * @fileoverview\n * @public\n */\n// GENERATED CODE -- DO"
    " NOT EDIT!\n",
    "grpc": "// Generated by the gRPC C++ plugin.\n",
    "thrift": "/**\n * Autogenerated by Thrift Compiler (0.9.3)\n *\n * DO NOT EDIT UNLESS"
    " YOU ARE SURE\n */",
    "swig": "/* ------\n * This file was automatically generated by SWIG"
    " (http://www.swig.org).\n */",
    "antlr": "// Generated from Expr.g4 by ANTLR 4.9\npackage a;\n",
    "bison": "/* A Bison parser, made by GNU Bison 3.8.2.  */\n\n/* Bison implementation */",
    "flex": '#line 1 "lex.c"\n\n#define YY_INT_ALIGNED short int\n\n/* A lexical scanner'
    " generated by flex */",
    "t4": "//------\n// <auto-generated>\n//     This code was generated by a tool.\n//"
    " </auto-generated>",
    "signed": "/**\n * @generated SignedSource<<abc>>\n * @flow\n */\n'use strict';",
    "php": "<?php\n\n// @generated by a tool\n",
    "sqlc": "// Code generated by sqlc. DO NOT EDIT.\n// versions:\n",
    "openapi": "/* tslint:disable */\n/**\n * API\n *\n * NOTE: This class is auto generated"
    " by OpenAPI"
    " Generator (https://openapi-generator.tech).\n * Do not edit the class manually.\n */",
    "swagger": "/**\n * This class is auto generated by the swagger code generator program.\n */",
    "moc": "/****\n** Meta object code from reading C++ file 'window.h'\n**\n****/",
    "uic": "/****\n** Form generated from reading UI file 'window.ui'\n****/",
    "jni": "/* DO NOT EDIT THIS FILE - it is machine generated */\n#include <jni.h>\n",
    "bindgen": "/* automatically generated by rust-bindgen 0.59.2 */\n",
    "rails": "# This file is auto-generated from the current state of the database.\n",
    "grammarkit": "// This is a generated file. Not intended for manual editing.\n",
    "jooq": "/*\n * This file is generated by jOOQ.\n */\npackage a;",
    "shouting": "# *** WARNING: THIS FILE IS AUTOGENERATED -- DO NOT EDIT ***\n",
    "two lines": "# This is written by tools/make.py and\n# generated anew each time; do not"
    " edit.\n",
    "prost": "// This file is @generated by prost-build.\npub struct A {}\n",
    "swiftgen": "// swiftlint:disable all\n// Generated using SwiftGen — https://a.example\n",
    "docstring": '"""This file is automatically generated by make.py."""\n\nX = 1\n',
    "roxygen": "% Generated by roxygen2: do not edit by hand\n% Please edit documentation in"
    " R/a.R\n",
    "dart": "// GENERATED CODE - DO NOT MODIFY BY HAND\n\npart of 'a.dart';\n",
    "html": "<!DOCTYPE html>\n<html>\n<head>\n<!-- Generated by Doxygen 1.9 -->",
    "sql": "-- This file was generated by dump. Do not edit.\nSELECT 1;",
    "lisp": ";; This file is automatically generated; do not edit\n",
    "carriage returns": "// Code generated by a. DO NOT EDIT.\r\n\r\npackage a\r\n",
}

WRITTEN = {
    "a string": 'package a\n\nconst head = "// Code generated by a. DO NOT EDIT."\n',
    "a template": "import a\n\nHEAD = '''\n# Code generated by a. DO NOT EDIT.\n'''\n",
    "below code": "import os\n\n# This file is automatically generated by a. Do not edit.\n",
    "far down": "# a\n" * 50 + "# Code generated by a. DO NOT EDIT.\n",
    "a generator": '"""Writes files that say "Code generated by a. DO NOT EDIT."."""\n',
    "a quotation": "# Writes 'Code generated by a. DO NOT EDIT.' into files\nimport a\n",
    "about files": "// Reads the files generated by protoc.\n// They are not edited by"
    " hand.\npackage a\n",
    "a person's": "// Created by Jane on 1/2/20.\n// Copyright. All rights reserved.\n",
    "a rule": "# Do not edit generated files: run make instead.\nall:\n",
    "about ids": "// Ids are automatically generated for each row.\npackage a\n",
    "detection": "# Is the file marked with @generated at its head?\nimport re\n",
    "a project": "# App\n\nThis project was generated with Angular CLI.\n",
    "empty": "",
    "go docs": "// Package gen writes code generated from templates.\npackage gen\n",
    "class": "/** This class is generated lazily, see below. */\nclass A {}\n",
}


@pytest.mark.parametrize("name", GENERATED)
def test_a_text_whose_head_says_that_a_program_wrote_it(name: str) -> None:
    assert is_generated_text(GENERATED[name])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_text_that_a_person_wrote(name: str) -> None:
    assert not is_generated_text(WRITTEN[name])


@pytest.mark.parametrize(
    "piece", ["generated ", "/*", "# generated\n", "@", "not ", " will be ", "-"]
)
def test_a_hostile_head_costs_little(piece: str) -> None:
    is_generated_text("# generated " + piece * 100_000)
