"""More samples: languages that came with wheels of their own. See samples.py.

Each has its traps: definitions in a row, nested ones, comments above, and texts and comments that
look like definitions.
"""

from __future__ import annotations

from .samples import SAMPLES

__all__ = ["SAMPLES"]


def sample(language: str, text: str, *expected: str) -> None:
    SAMPLES[language] = (text, list(expected))


sample(
    "ada",
    """
-- Shapes and such.
package body Shapes is
   type Kind is (Round, Square);
   subtype Small is Integer range 1 .. 9;
   --  Its size; function Fake return Integer;
   function Area (R : Float) return Float is (R * 3.14);
   procedure Go (X : in out Integer) is
      procedure Inner is begin null; end Inner;
   begin
      Put_Line ("procedure Fake is");
   end Go;
   procedure Later (X : Integer);
end Shapes;
""",
    "module Shapes",
    "type Shapes.Kind",
    "type Shapes.Small",
    "function Shapes.Area",
    "function Shapes.Go",
    "function Shapes.Later",
)
sample(
    "batch",
    """
@echo off
set NAME=:fake
call :build x
goto :end
:: Builds.
:build
echo :not_a_label
exit /b 0
:end
exit /b 1
""",
    "function build",
    "function end",
)
sample(
    "common-lisp",
    """
(defpackage :shop (:use :cl))
;; How many; (defun fake ())
(defparameter *limit* 10 "(defun fake ())")
(defun total (items) "Sums." (reduce #'+ items))
(defmacro with-cart ((var) &body body) `(let ((,var (make-cart))) ,@body))
(defclass cart () ((items :accessor items)))
(defgeneric price (thing))
(defmethod price ((thing cart)) (total (items thing)))
(defstruct point x y)
(defstruct (line (:conc-name l-)) from to)
(define-condition empty-cart (error) ())
(deftype small () '(integer 0 9))
""",
    "key :shop",
    "constant *limit*",
    "function total",
    "macro with-cart",
    "class cart",
    "function price",
    "function price",
    "struct point",
    "struct line",
    "class empty-cart",
    "type small",
)
sample(
    "css",
    """
@import url("a.css");
/* Cards; .fake { } */
.card, .tile > .title { color: red; content: ".fake"; }
:root { --main: 12px; }
a[href^="http"]:is(.b, .c)::before { top: 0 }
@media (min-width: 600px) and (max-width: 900px) {
  .card { color: blue }
}
@keyframes spin { from { top: 0 } to { top: 9px } }
@font-face { font-family: "X" }
@layer base { p { margin: 0 } }
@supports (display: grid) { .grid { display: grid } }
.menu { & .item { top: 0 } &:hover { top: 1px } }
""",
    "class .card, .tile > .title",
    "class :root",
    'class a[href^="http"]:is(.b,.c)::before',
    "class @media (min-width: 600px) and (max-width: 900px)",
    "class @media (min-width: 600px) and (max-width: 900px)..card",
    "class @keyframes spin",
    "class @font-face",
    "class @layer base, p",
    "class @supports (display: grid), .grid",
    "class .menu, & .item, &:hover",
)
sample(
    "cuda",
    """
#include <cuda.h>
#define BLOCK 256
__constant__ float table[4];
// Adds.
__global__ void add(const float *a, float *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) b[i] += a[i];
}
__device__ __forceinline__ float square(float x) { return x * x; }
template <typename T>
__global__ void __launch_bounds__(256) fill(T *out, T value) { out[threadIdx.x] = value; }
struct Launcher {
    void run(float *a, float *b) {
        add<<<dim3(1, 2), BLOCK, 0, stream>>>(a, b, 9);
    }
};
""",
    "constant BLOCK",
    "function add",
    "function square",
    "function fill",
    "struct Launcher",
    "method Launcher.run",
)
sample(
    "dockerfile",
    """
# syntax=docker/dockerfile:1
ARG VERSION=3.12
# Builds; FROM fake AS fake
FROM --platform=$BUILDPLATFORM python:${VERSION}-slim AS build
RUN echo "FROM fake AS fake" \\
    && true
RUN <<EOF
FROM nothing AS here
EOF
FROM scratch
COPY --from=build /a /b
from build as runtime
CMD ["x"]
""",
    "section build",
    "section scratch",
    "section runtime",
)
sample(
    "fortran",
    """
module geo
  implicit none
  type, public :: shape
    real :: r = 1.0
  contains
    procedure :: area => get_area
  end type shape
  interface operator(+)
    module procedure add
  end interface
contains
  ! Area; function fake()
  pure function get_area(self) result(a)
    class(shape), intent(in) :: self
    real :: a
    a = 3.14 * self%r**2
  end function get_area
  recursive subroutine go(n, &
                          m)
    integer, intent(in) :: n, m
    print *, 'subroutine fake(x)'
  end subroutine go
end module geo
program main
  use geo
end program main
""",
    "module geo",
    "struct geo.shape",
    "interface geo.operator(+)",
    "function geo.get_area",
    "function geo.go",
    "function main",
)
sample(
    "glsl",
    """
#version 450 core
layout(location = 0) in vec3 pos;
layout(std140, binding = 1) uniform Camera { mat4 view; mat4 proj; } cam;
#define PI 3.14
struct Light { vec3 p; float i; };
// Far; float fake() { }
float dist(vec3 a, in vec3 b) { return length(a - b); }
void main() {
  gl_Position = cam.proj * vec4(pos.xyz, 1.0);
}
""",
    "struct Camera",
    "constant PI",
    "struct Light",
    "function dist",
    "function main",
)
sample(
    "haskell",
    """
{-# LANGUAGE OverloadedStrings #-}
module Data.Invoice (Invoice(..), parse) where
import qualified Data.Map.Strict as M
type Name = String
-- | An invoice; fake :: Int
data Invoice = Invoice
  { number :: !Int
  , total  :: Double
  } deriving (Show, Eq)
newtype Parser a = Parser { runParser :: String -> Maybe (a, String) }
class Monoid' a where
  mempty' :: a
  mappend' :: a -> a -> a
instance Functor Parser where
  fmap f (Parser p) = Parser $ \\s -> Nothing
{- fake2 :: Int
fake2 = 1 -}
parse :: Text -> Either String Invoice
parse t
  | t == "data Fake = Fake" = Left "empty"
  | otherwise = go 1
  where
    go 0 = 1
    go n = n
a <+> b = a ++ b
limit = 3
type family Elem c where
  Elem [e] = e
""",
    "type Name",
    "type Invoice",
    "type Parser",
    "class Monoid'",
    "method Monoid'.mempty'",
    "method Monoid'.mappend'",
    "class Functor.Parser",
    "method Functor.Parser.fmap",
    "function parse",
    "function parse",
    "function <+>",
    "function limit",
    "type Elem",
)
sample(
    "html",
    """
<!DOCTYPE html>
<html lang="en"><head><title>x</title></head>
<body>
<!-- <section id="fake"> -->
<header><h1>Shop</h1></header>
<div id="cart" class="a b">
  <p data-x='<div id="fake2">'>text</p>
  <form id=login action="/x">
    <input id="name">
  </form>
</div>
<main class="id">
  <section>a</section>
</main>
<br id="rule"/>
</body></html>
""",
    "section header",
    "section cart",
    "section cart.login",
    "section cart.login.name",
    "section main",
    "section main.section",
    "section rule",
)
sample(
    "julia",
    '''
module Geo
using LinearAlgebra: norm
abstract type Shape end
"""
A circle; function fake() end
"""
struct Circle{T<:Real} <: Shape
    r::T
end
mutable struct Box <: Shape
    w::Float64
end
area(c::Circle) = 3.14 * c.r^2
# Of a box.
function area(b::Box; scale=1.0)::Float64
    inner(x) = x
    return b.w * scale
end
function Base.show(io::IO, c::Circle{T}) where {T}
    print(io, "function fake() end")
end
macro twice(ex)
    quote $(esc(ex)) end
end
const K = Dict("a" => 1)
end
''',
    "module Geo",
    "type Geo.Shape",
    "struct Geo.Circle",
    "struct Geo.Box",
    "function Geo.area",
    "function Geo.area",
    "function Geo.Base.show",
    "macro Geo.@twice",
    "constant Geo.K",
)
sample(
    "less",
    """
@main: 10px;
// .fake { }
.rounded(@radius: 2px) { border-radius: @radius; }
.card { .rounded(1px); .title { color: red } &:hover { top: 0 } }
@media (min-width: 1px) { .wide { top: 0 } }
""",
    "constant @main",
    "macro rounded",
    "class .card, .title, &:hover",
    "class @media (min-width: 1px), .wide",
)
sample(
    "make",
    """
CC ?= gcc
SRCS := $(wildcard src/*.c)
.PHONY: all clean
# Builds; fake:
all: app
app: $(SRCS)
	$(CC) -o $@ $^
	@echo "fake: target"
%.o: %.c
	$(CC) -c $<
define recipe
fake:
	echo hi
endef
ifeq ($(DEBUG),1)
debug: all
endif
clean install:
	rm -f app
""",
    "constant CC",
    "constant SRCS",
    "function all",
    "function app",
    "function %.o",
    "macro recipe",
    "function debug",
    "function clean, install",
)
sample(
    "matlab",
    """
% function fake()
classdef Account < handle
    properties (Access = private)
        total = 0
    end
    methods
        function obj = Account(x)
            obj.total = x;
        end
        function r = add(obj, y)
            % function fake2()
            r = obj.total + y';
        end
    end
    methods (Static)
        function go(varargin), disp("function fake()"); end
    end
end
""",
    "class Account",
    "method Account.Account",
    "method Account.add",
    "method Account.go",
)
sample(
    "nix",
    """
{ pkgs ? import <nixpkgs> { }, lib, ... }@args:
let
  # Twice; fake = 1;
  twice = x: x + x;
  both = { a, b }: a + b;
in rec {
  name = "fake = 1;";
  script = ''
    fake = ${name};
  '';
  services.nginx = {
    enable = true;
    virtualHosts."a.b".root = "/srv";
  };
}
""",
    "function twice",
    "function both",
    "key name",
    "key script",
    "key services.nginx",
    "key services.nginx.enable",
    'key services.nginx.virtualHosts."a.b".root',
)
sample(
    "objective-c",
    """
NS_ASSUME_NONNULL_BEGIN
#define LIMIT 3
// - (void)fake;
@protocol Sender <NSObject>
- (void)send:(NSString *)text to:(NSString *)who;
@end
@interface Mailer : NSObject <Sender>
@property (nonatomic, strong, nullable) NSString *name;
+ (instancetype)shared;
@end
@implementation Mailer
+ (instancetype)shared { return [[self alloc] init]; }
/// Sends.
- (void)send:(NSString *)text to:(NSString *)who {
  NSLog(@"- (void)fake { }");
  [self run:^(int a) { return a; }];
}
@end
@implementation Mailer (Extra)
- (BOOL)canSend { return YES; }
@end
typedef NS_ENUM(NSInteger, Mood) {
  MoodGood,
  MoodBad
};
static NSString *ParseInvoice(NSString *text) { return text; }
NSString *const kName = @"x";
NS_ASSUME_NONNULL_END
""",
    "constant LIMIT",
    "interface Sender",
    "method Sender.send:to",
    "class Mailer",
    "constant Mailer.name",
    "method Mailer.shared",
    "class Mailer",
    "method Mailer.shared",
    "method Mailer.send:to",
    "class Mailer",
    "method Mailer.canSend",
    "enum Mood",
    "function ParseInvoice",
    "constant kName",
)
sample(
    "ocaml",
    """
open Printf
(* A shape; let fake x = x *)
type shape = Circle of float | Rect of { w : float; h : float }
module type S = sig
  type t
  val create : int -> t
end
module Make (X : S) : S with type t = X.t = struct
  type t = X.t
  let create n = X.create n
end
let rec fact n = if n = 0 then 1 else n * fact (n - 1)
and even n = n = 0
let area = function
  | Circle r -> 3.14 *. r
  | Rect { w; h } -> w *. h
let limit = "let fake x = x"
class counter = object (self)
  val mutable n = 0
  method incr = n <- n + 1
end
exception Not_here of string
external raw : int -> int = "raw_stub"
let () = printf "%d" (fact 5)
""",
    "type shape",
    "interface S",
    "type S.t",
    "method S.create",
    "module Make",
    "type Make.t",
    "function Make.create",
    "function fact, even",
    "function area",
    "constant limit",
    "class counter",
    "method counter.incr",
    "type Not_here",
    "function raw",
)
sample(
    "perl",
    """
package My::Thing;
use strict;
use constant LIMIT => 3;
our $VERSION = '1.0';
# Makes; sub fake { }
sub new {
    my ($class, %args) = @_;
    my $text = "sub fake { }";
    return bless { name => $args{name} }, $class;
}
sub name { $_[0]->{name} }
my $help = <<"END";
sub fake { }
END
my $later = sub { 1 };

=head1 NAME

sub fake { }

=cut

package Other;
has size => (is => 'ro', default => sub { 3 });
has 'colour' => (
    is => 'rw',
);
around total => sub {
    my ($next, $self) = @_;
    return $self->$next() + 1;
};
sub run { has(1, 2); 1 }
package Third {
    sub inner { 2 }
}
1;
""",
    "module My.Thing",
    "constant My.Thing.LIMIT",
    "constant My.Thing.$VERSION",
    "function My.Thing.new",
    "function My.Thing.name",
    "constant My.Thing.$help",
    "function My.Thing.$later",
    "module Other",
    "constant Other.size",
    "constant Other.colour",
    "function Other.total",
    "function Other.run",
    "module Other.Third",
    "function Other.Third.inner",
)
sample(
    "powershell",
    """
<# function Fake { } #>
param([string]$Name = "x")
# Gets.
function Get-Thing {
    param([string[]]$Path)
    process { function Inner { 1 }; Write-Output "function Fake { }" }
}
filter Select-Odd { if ($_ % 2) { $_ } }
function global:Set-Thing { 1 }
class Dog : Animal {
    [string]$Name
    Dog([string]$n) { $this.Name = $n }
    [string] Bark() { return "woof" }
}
enum Color { Red; Green = 2 }
$here = @"
function Fake { }
"@
""",
    "function Get-Thing",
    "function Select-Odd",
    "function Set-Thing",
    "class Dog",
    "method Dog.Dog",
    "method Dog.Bark",
    "enum Color",
)
sample(
    "puppet",
    """
# class fake { }
class nginx (String $version = 'x') inherits base {
  package { 'nginx': ensure => $version }
  notify { 'class fake { }': }
}
define foo::bar($a) { exec { $title: command => '/bin/true' } }
function foo::twice(Integer $x) >> Integer { $x * 2 }
type Foo::Mode = Enum['a', 'b']
node 'web.example.org' { include nginx }
""",
    "class nginx",
    "class foo.bar",
    "function foo.twice",
    "type Foo.Mode",
    "class web.example.org",
)
sample(
    "scss",
    """
@use "sass:math";
$main: 10px;
%placeholder { color: red; }
// @mixin fake { }
@mixin box($w, $h: 2px) { width: $w; }
@function double($n) { @return $n * 2; }
.card { @extend %placeholder;
  &:hover { color: darken(red, 10%); }
  &__title { width: math.div(10px, 3); content: "@mixin fake"; }
}
@media screen { .wide { top: 0 } }
""",
    "constant $main",
    "class %placeholder",
    "macro box",
    "function double",
    "class .card",
    "class &__title",
    "class @media screen, .wide",
)
sample(
    "solidity",
    """
pragma solidity ^0.8.20;
interface IToken { function f(uint a) external view returns (uint); }
/// Sums; contract Fake { }
library SafeMath { function add(uint x) internal pure returns (uint) { return x + 1; } }
error Bad(uint code);
contract Token is IToken {
    struct Share { uint a; address b; }
    enum State { On, Off }
    event Sent(address indexed from, uint value);
    uint public constant LIMIT = 3;
    string name = "function fake() {}";
    modifier onlyOwner() { require(msg.sender == owner, "no"); _; }
    constructor(string memory n) { name = n; }
    /* Sends. */
    function send(uint a) public view override onlyOwner returns (uint) { return a; }
    receive() external payable {}
}
function free(uint a) pure returns (uint) { return a; }
""",
    "interface IToken",
    "method IToken.f",
    "class SafeMath",
    "method SafeMath.add",
    "type Bad",
    "class Token",
    "struct Token.Share",
    "enum Token.State",
    "type Token.Sent",
    "constant Token.LIMIT",
    "constant Token.name",
    "method Token.onlyOwner",
    "method Token.constructor",
    "method Token.send",
    "method Token.receive",
    "function free",
)
sample(
    "sql",
    """
-- The users; CREATE TABLE fake (id INT);
CREATE TABLE IF NOT EXISTS shop.users (
  id BIGINT PRIMARY KEY,
  name VARCHAR(100) NOT NULL DEFAULT 'CREATE TABLE fake',
  org_id INT REFERENCES orgs(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX idx_users ON users (name);
CREATE OR REPLACE VIEW active AS SELECT u.id FROM users u WHERE u.name LIKE 'a%';
CREATE MATERIALIZED VIEW totals AS SELECT 1;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TRIGGER touch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO users (id) VALUES (1);
CREATE OR REPLACE FUNCTION add(a integer, b integer) RETURNS integer AS $$
BEGIN
  RETURN a + b;
END;
$$ LANGUAGE plpgsql;
CREATE SEQUENCE numbers;
""",
    "struct shop.users",
    "key idx_users",
    "type active",
    "type totals",
    "type mood",
    "function touch",
    "function add",
    "key numbers",
)
sample(
    "systemverilog",
    """
package p; typedef enum logic [1:0] {A, B} state_t; endpackage
`define LIMIT 3
interface bus_if(input logic clk); logic v; endinterface
// class fake; endclass
class Driver extends uvm_driver #(int);
  function new(string name = "module fake;"); super.new(name); endfunction
  virtual task run_phase(uvm_phase phase); endtask
endclass
module top import p::*; (input logic clk, bus_if.m b);
  function automatic int twice(int x); return 2 * x; endfunction
  always_comb begin automatic int i = 0; end
endmodule
""",
    "module p",
    "type p.state_t",
    "macro LIMIT",
    "interface bus_if",
    "class Driver",
    "method Driver.new",
    "method Driver.run_phase",
    "module top",
    "function top.twice",
)
sample(
    "terraform",
    """
terraform {
  required_version = ">= 1.0"
}
# Where; resource "fake" "fake" {}
variable "region" {
  default = "eu"
}
resource "aws_instance" "web" {
  dynamic "ebs" {
    content { size = 1 }
  }
  user_data = <<-EOT
    resource "fake" "fake" {
  EOT
}
data "aws_ami" "ubuntu" { owners = ["x"] }
module "vpc" { source = "./vpc" }
output "id" { value = aws_instance.web[0].id }
provider "aws" { region = var.region }
locals {
  name = "web"
}
region = "eu"
""",
    "key terraform",
    "constant variable.region",
    "struct aws_instance.web",
    "struct aws_ami.ubuntu",
    "module module.vpc",
    "constant output.id",
    "key provider.aws",
    "module locals",
    "constant locals.name",
    "key region",
)
sample(
    "verilog",
    """
`timescale 1ns/1ps
// module fake; endmodule
module counter(input clk, output reg [7:0] q);
  always @(posedge clk) q <= q + 1;
  function [7:0] twice(input [7:0] x); twice = x << 1; endfunction
  task show; $display("module fake;"); endtask
endmodule
module old(a, b);
  input a; output b;
endmodule
""",
    "module counter",
    "function counter.twice",
    "function counter.show",
    "module old",
)
sample(
    "vhdl",
    """
library ieee;
-- Counts; entity fake is
entity counter is
  port (clk : in std_logic);
end entity counter;
architecture rtl of counter is
  type state is (idle, run);
  function twice(x : integer) return integer is begin return x + x; end function;
begin
  tick : process (clk)
  begin
    report "entity fake is";
  end process tick;
end architecture rtl;
package tools is procedure p(x : in integer); end package;
""",
    "module counter",
    "module rtl",
    "type rtl.state",
    "function rtl.twice",
    "function rtl.tick",
    "module tools",
    "function tools.p",
)
sample(
    "wgsl",
    """
struct Vertex { @builtin(position) pos: vec4<f32>, };
@group(0) @binding(1) var<uniform> cam: mat4x4<f32>;
// fn fake() { }
fn area(r: f32) -> f32 { var x = r * r; return x; }
@vertex
fn main(@location(0) p: vec3<f32>) -> Vertex { var o: Vertex; return o; }
""",
    "struct Vertex",
    "constant cam",
    "function area",
    "function main",
)
sample(
    "zig",
    """
const std = @import("std");
/// A point; fn fake() void {}
pub const Point = struct {
    x: f32 = 0,
    const origin = 1;
    pub fn add(self: Point, o: Point) Point {
        return .{ .x = self.x + o.x };
    }
};
const Mode = enum { on, off };
const Value = union(enum) { a: u8, b: u16 };
const Err = error{ Bad, Worse };
fn List(comptime T: type) type {
    return struct { items: []T };
}
pub fn main() !void {
    const text = "fn fake() void {}";
}
test "adds two" {
    try std.testing.expect(1 + 1 == 2);
}
""",
    "constant std",
    "struct Point",
    "constant Point.origin",
    "method Point.add",
    "enum Mode",
    "struct Value",
    "enum Err",
    "function List",
    "function main",
    "function adds two",
)
