"""A text in each language, and what is defined in it: each definition's kind and qualified name."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, list[str]]] = {}


def _sample(language: str, text: str, *expected: str) -> None:
    SAMPLES[language] = (text, list(expected))


_sample(
    "starlark",
    '''
load("@rules//:defs.bzl", "rule")

VERSIONS = ["1", "2"]

def _impl(ctx):
    """Doc."""
    return []

thing = rule(implementation = _impl)
''',
    "constant VERSIONS",
    "function _impl",
    "constant thing",
)

_sample(
    "python",
    '''
import os

LIMIT: int = 3
A = B = 1

@decorated
class Outer(Base):
    """Doc."""
    field = 1

    class Inner:
        @property
        def value(self): return 1

    async def run(self):
        def nested(): pass
        class Local: pass

def top(a, b=1): pass

if os.name:
    def conditional(): pass
''',
    "constant LIMIT",
    "constant A",
    "class Outer",
    "class Outer.Inner",
    "method Outer.Inner.value",
    "method Outer.run",
    "function top",
    "function conditional",
)
_sample(
    "javascript",
    """
import x from "y";
const LIMIT = 3, OTHER = 4;
class Widget extends Base {
  #secret = 1;
  constructor() { super(); }
  static of(a) { return 1; }
  get size() { return 2; }
  handle = () => { const inner = () => 1; };
}
export default class Other { run() {} }
export function shout() {}
function* steps() {}
const arrow = async (a) => { return a; };
var old = function () {};
Widget.prototype.draw = function () {};
module.exports.helper = () => 1;
exports.third = function () {};
const api = {
  get(a) { return a; },
  post: (b) => b,
};
export const Named = class { go() {} };
(function () { function wrapped() {} })();
""",
    "constant LIMIT, OTHER",
    "class Widget",
    "method Widget.constructor",
    "method Widget.of",
    "method Widget.size",
    "method Widget.handle",
    "class Other",
    "method Other.run",
    "function shout",
    "function steps",
    "function arrow",
    "function old",
    "function Widget.draw",
    "function helper",
    "function third",
    "constant api",
    "method api.get",
    "method api.post",
    "class Named",
    "method Named.go",
    "function wrapped",
)
_TYPESCRIPT = """
import x from "y";
export const LIMIT: number = 3;
@Injectable()
export abstract class Service<T> {
  private count = 0;
  constructor(private a: string) {}
  abstract open(): void;
  close<U>(u: U): void {}
  handle = (a: string): void => {};
}
export interface Options { name: string; run(): void }
export type Id = string | number;
export enum Color { Red, Blue }
namespace Space.Deep { export function inside() {} }
declare module "ext" { function declared(): void; }
export function over(a: string): void;
export function over(a: any): void {}
export const View = (props: Options) => { return null; };
export default function () {}
"""
_TYPESCRIPT_EXPECTED = (
    "constant LIMIT",
    "class Service",
    "method Service.constructor",
    "method Service.open",
    "method Service.close",
    "method Service.handle",
    "interface Options",
    "type Id",
    "enum Color",
    "module Space.Deep",
    "function Space.Deep.inside",
    "module ext",
    "function ext.declared",
    "function over",
    "function over",
    "function View",
    "function default",
)
_sample("typescript", _TYPESCRIPT, *_TYPESCRIPT_EXPECTED)
_sample(
    "tsx",
    _TYPESCRIPT + "const Page = () => <View name='a'>{b}</View>;\n",
    *_TYPESCRIPT_EXPECTED,
    "function Page",
)
_sample(
    "go",
    """
package main

import "fmt"

const Limit = 3

const (
	A = iota
	B
)

var (
	x int
	y = 2
)

// Server serves.
type Server struct { a int }

type Doer interface { Do() error }

type (
	ID string
	Alias = int
)

func (s *Server) Run(a int) error { f := func() {}; f(); return nil }

func (s Server) Name() string { return "" }

func (l *List[T]) Push(t T) {}

func main() { fmt.Println() }
""",
    "constant Limit",
    "constant A, B",
    "constant x, y",
    "struct Server",
    "interface Doer",
    "type ID",
    "type Alias",
    "method Server.Run",
    "method Server.Name",
    "method List.Push",
    "function main",
)
_sample(
    "rust",
    """
use std::fmt;

const LIMIT: u8 = 3;

/// A point.
#[derive(Debug)]
pub struct Point<T> { x: T }

pub enum Shape { Circle, Square }

pub trait Draw { fn draw(&self); fn twice(&self) { self.draw() } }

impl<T> Point<T> {
    pub const ZERO: u8 = 0;
    pub fn new(x: T) -> Self { fn helper() {} Point { x } }
}

impl<T> Draw for Point<T> { fn draw(&self) {} }

impl fmt::Display for crate::geo::Line { fn fmt(&self) {} }

mod inner { pub fn deep() {} }

macro_rules! shout { () => {}; }

type Id = u32;

pub async fn top() {}
""",
    "constant LIMIT",
    "struct Point",
    "enum Shape",
    "trait Draw",
    "method Draw.draw",
    "method Draw.twice",
    "module Point",
    "constant Point.ZERO",
    "method Point.new",
    "module Point",
    "method Point.draw",
    "module crate.geo.Line",
    "method crate.geo.Line.fmt",
    "module inner",
    "function inner.deep",
    "macro shout",
    "type Id",
    "function top",
)
_sample(
    "java",
    """
package a.b;

/** Doc. */
@Deprecated
public class Outer<T> extends Base {
    private int field = 1;
    public Outer(int a) {}
    @Override
    public <U> void run(U u) { Runnable r = new Runnable() { public void run() {} }; }
    static class Inner { int get() { return 1; } }
}
interface Doer { void act(); }
@interface Marker { String value(); }
enum Color { RED, BLUE; int code() { return 1; } }
record Pair(int a, int b) { Pair { } int sum() { return a; } }
""",
    "class Outer",
    "method Outer.Outer",
    "method Outer.run",
    "class Outer.Inner",
    "method Outer.Inner.get",
    "interface Doer",
    "method Doer.act",
    "interface Marker",
    "enum Color",
    "method Color.code",
    "class Pair",
    "method Pair.Pair",
    "method Pair.sum",
)
_sample(
    "c",
    """
#include <stdio.h>
#define LIMIT 3
#define MAX(a, b) ((a) > (b) ? (a) : (b))

typedef struct node {
    int value;
} node_t;
struct plain { int a; };
union both { int a; float b; };
enum color { RED, BLUE };
typedef unsigned long word;

static const char *names[] = { "a" };
int total = 0;

int declared(int a);
static char *make(int a)
{
    return 0;
}
char **deep(void) { return 0; }
#ifdef X
int main(void) { int local = 1; return local; }
#endif
""",
    "constant LIMIT",
    "macro MAX",
    "struct node_t, node",
    "struct plain",
    "struct both",
    "enum color",
    "type word",
    "constant names",
    "constant total",
    "function declared",
    "function make",
    "function deep",
    "function main",
)
_sample(
    "cpp",
    """
#include <vector>
namespace outer::deep {
template <typename T>
class Box : public Base {
 public:
  Box() : a(1) {}
  ~Box() {}
  T get() const { auto f = [] {}; return a; }
  bool operator==(const Box& other) const { return true; }
  static int count();
 private:
  T a;
  struct Part { int p; };
};
enum class Color { Red };
using Id = int;
}  // namespace outer::deep

int Box<int>::count() { return 1; }
std::string& ns::Widget::name(int a) { return n; }
template <class T> T top(T a) { return a; }
namespace { int hidden() { return 1; } }
""",
    "module outer.deep",
    "class outer.deep.Box",
    "method outer.deep.Box.Box",
    "method outer.deep.Box.~Box",
    "method outer.deep.Box.get",
    "method outer.deep.Box.operator==",
    "struct outer.deep.Box.Part",
    "enum outer.deep.Color",
    "type outer.deep.Id",
    "function Box.count",
    "function ns.Widget.name",
    "function top",
    "function hidden",
)
_sample(
    "csharp",
    """
using System;
namespace A.B
{
    /// <summary>Doc.</summary>
    [Serializable]
    public class Outer<T> : Base
    {
        private int field;
        public int Size { get; set; }
        public Outer(int a) { }
        public void Run<U>(U u) { void Local() { } }
        public static Outer<T> operator +(Outer<T> a, Outer<T> b) => a;
        public int this[int i] => 1;
        class Inner { int Get() => 1; }
    }
    struct Point { int x; }
    interface IDoer { void Act(); }
    enum Color { Red }
    record Pair(int A);
    delegate void Callback(int a);
}
""",
    "class Outer",
    "method Outer.Size",
    "method Outer.Outer",
    "method Outer.Run",
    "method Outer.+",
    "method Outer.this",
    "class Outer.Inner",
    "method Outer.Inner.Get",
    "struct Point",
    "interface IDoer",
    "method IDoer.Act",
    "enum Color",
    "class Pair",
    "type Callback",
)
_sample(
    "ruby",
    """
require "x"
LIMIT = 3

module Space
  # A widget.
  class Widget < Base
    attr_reader :a
    def initialize(a) = @a = a
    def self.build; new(1); end
    def ==(other)
      true
    end
    class << self
      def made; end
    end
  end
  def self.helper; end
end

class Space::Other
  def run?; end
end

def top; end
""",
    "constant LIMIT",
    "module Space",
    "class Space.Widget",
    "method Space.Widget.initialize",
    "method Space.Widget.build",
    "method Space.Widget.==",
    "method Space.Widget.made",
    "function Space.helper",
    "class Space.Other",
    "method Space.Other.run?",
    "function top",
)
_sample(
    "php",
    """<?php
namespace App\\Models;
use X\\Y;

const LIMIT = 3;

/** Doc. */
#[Entity]
abstract class User extends Model
{
    const A = 1;
    public $name;
    public function __construct(private int $a) {}
    public static function find(int $id): ?self { $f = function () {}; return null; }
    abstract function open();
}
interface Doer { public function act(); }
trait Loud { function shout() {} }
enum Suit: string { case A = 'a'; public function label() { return 1; } }
function top(int $a) { return $a; }
$handler = function ($x) { return $x; };
$short = fn($x) => $x;
""",
    "constant LIMIT",
    "class User",
    "method User.__construct",
    "method User.find",
    "method User.open",
    "interface Doer",
    "method Doer.act",
    "trait Loud",
    "method Loud.shout",
    "enum Suit",
    "method Suit.label",
    "function top",
    "function handler",
    "function short",
)
_sample(
    "kotlin",
    """
package a.b

const val LIMIT = 3

/** Doc. */
@Serializable
data class User(val id: Int) : Base() {
    val name = "a"
    constructor(a: String) : this(1)
    fun run(a: Int): Int = a
    companion object {
        fun make() = User(1)
    }
    inner class Part { fun p() {} }
}

interface Doer {
    fun act()
}

enum class Color { RED, BLUE }

object Single {
    fun go() {}
}

fun String.shout(a: Int) = this
fun <T> List<T>.second(): T = this[1]
typealias Id = Int
fun top() { fun local() {} }
""",
    "constant LIMIT",
    "class User",
    "method User.constructor",
    "method User.run",
    "method User.make",
    "class User.Part",
    "method User.Part.p",
    "interface Doer",
    "method Doer.act",
    "enum Color",
    "class Single",
    "method Single.go",
    "function String.shout",
    "function List.second",
    "type Id",
    "function top",
)
_sample(
    "swift",
    """
import Foundation
let limit = 3

/// Doc.
@objc public class Widget<T>: Base {
    var size: Int = 1
    init(a: Int) { super.init() }
    deinit { close() }
    func run(_ a: Int) -> Int { func local() {}; return a }
    class func make() -> Widget { Widget(a: 1) }
    subscript(i: Int) -> Int { 1 }
    struct Part { func p() {} }
}
struct Point { let x: Int }
enum Color { case red
    func code() -> Int { 1 } }
protocol Doer { func act() }
extension Widget { func more() {} }
func == (a: Point, b: Point) -> Bool { true }
actor Worker { func work() {} }
typealias Id = Int
public func top() {}
""",
    "constant limit",
    "class Widget",
    "method Widget.init",
    "method Widget.deinit",
    "method Widget.run",
    "method Widget.make",
    "method Widget.subscript",
    "struct Widget.Part",
    "method Widget.Part.p",
    "struct Point",
    "enum Color",
    "method Color.code",
    "interface Doer",
    "method Doer.act",
    "module Widget",
    "method Widget.more",
    "function ==",
    "class Worker",
    "method Worker.work",
    "type Id",
    "function top",
)
_sample(
    "scala",
    """
package a.b

import x.y

/** Doc. */
@tag
class Widget[T](x: Int) extends Base {
  val size = 1
  def run(a: Int): Int = { def local = 1; a }
  class Part { def p = 1 }
}

object Widget {
  def apply(): Widget = new Widget(1)
}

trait Doer { def act(): Unit }

enum Color { case Red, Blue }

case class Pair(a: Int)

type Id = Int
val limit = 3
def top() = 1
extension (s: String) def shout = s
""",
    "class Widget",
    "method Widget.run",
    "class Widget.Part",
    "method Widget.Part.p",
    "class Widget",
    "method Widget.apply",
    "trait Doer",
    "method Doer.act",
    "enum Color",
    "class Pair",
    "type Id",
    "constant limit",
    "function top",
    "function shout",
)
_sample(
    "dart",
    """
import 'x.dart';

const limit = 3;

/// Doc.
@immutable
class Widget extends Base {
  int a = 1;
  Widget(this.a) { print(a); }
  Widget.named(int x) : a = x { print(x); }
  factory Widget.make() => Widget(1);
  /// Runs.
  @override
  int run(int q) { int local() => 1; return q; }
  int get size => 1;
  set size(int v) { a = v; }
  bool operator ==(Object o) => true;
  static void st() {}
}
mixin Loud { void shout() {} }
enum Color { red, blue }
extension More on String { int twice() => 1; }
typedef Callback = int Function(int);
void top(int a) { print(a); }
int get now => 1;
""",
    "constant limit",
    "class Widget",
    "method Widget.Widget",
    "method Widget.named",
    "method Widget.make",
    "method Widget.run",
    "method Widget.size",
    "method Widget.size",
    "method Widget.==",
    "method Widget.st",
    "trait Loud",
    "method Loud.shout",
    "enum Color",
    "class More",
    "method More.twice",
    "type Callback",
    "function top",
    "function now",
)
_sample(
    "lua",
    """
local M = {}
limit = 3

-- Runs.
function M.run(a) local function inner() end return a end
function M:close() end
local function helper() end
M.later = function() end
local short = function() end
local api = { get = function() end, n = 1 }
return M
""",
    "constant M",
    "constant limit",
    "function M.run",
    "function M.close",
    "function helper",
    "function M.later",
    "function short",
    "constant api",
    "method api.get",
)
_sample(
    "elixir",
    """
defmodule App.Users do
  @moduledoc "Doc."
  use Ecto.Schema
  defstruct [:a]

  @doc "Runs."
  @spec run(integer) :: integer
  def run(x) when x > 1 do
    x
  end

  def run(x), do: x
  defp hidden, do: 1
  defmacro loud(a) do a end

  defmodule Part do
    def p(), do: 1
  end
end

defprotocol Doer do
  def act(x)
end

defimpl Doer, for: Integer do
  def act(x), do: x
end
""",
    "module App.Users",
    "struct App.Users.defstruct",
    "function App.Users.run",
    "function App.Users.run",
    "function App.Users.hidden",
    "macro App.Users.loud",
    "module App.Users.Part",
    "function App.Users.Part.p",
    "interface Doer",
    "method Doer.act",
    "module Doer.Integer",
    "function Doer.Integer.act",
)
_sample(
    "bash",
    """#!/bin/bash
LIMIT=3
export OTHER=4

# Runs.
run() {
  local a=1
  echo "$a"
}
function stop { echo; }
if true; then
  maybe() { :; }
fi
""",
    "constant LIMIT",
    "constant OTHER",
    "function run",
    "function stop",
    "function maybe",
)
_sample(
    "yaml",
    """
name: a
"on":
  push:
    branches: [a]
jobs:
  test:
    - run: x
---
other: 1
""",
    "key name",
    "key on",
    "key on.push",
    "key on.push.branches",
    "key jobs",
    "key jobs.test",
    "key jobs.test.run",
    "key other",
)
_sample(
    "json",
    """{
  "name": "a",
  "scripts": {
    "test": "x",
    "list": [
      {"deep": 1}
    ]
  }
}
""",
    "key name",
    "key scripts",
    "key scripts.test",
    "key scripts.list",
    "key scripts.list.deep",
)
_sample(
    "toml",
    """
title = "a"

# The project.
[project.urls]
home = "x"
"quoted key" = 1

[[tool]]
name = "b"
""",
    "key title",
    "key project.urls",
    "key project.urls.home",
    "key project.urls.quoted key",
    "key tool",
    "key tool.name",
)
