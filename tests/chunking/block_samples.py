"""Test blocks, routes and other calls that define something, by language.

Of each file: what is defined in it, with its kind and qualified name, and after `=` what it is held
as beside that.
"""

from __future__ import annotations

BLOCKS: dict[str, tuple[str, str, list[str]]] = {}


def _blocks(what: str, language: str, text: str, *defined: str) -> None:
    BLOCKS[what] = (language, text, list(defined))


_blocks(
    "jest, node:test, Deno and Playwright",
    "javascript",
    """
describe.only("Cart", () => {
  beforeEach(() => { x });
  describe.each([1, 2])("of %i, items", (n) => {
    it.each`a`("adds", () => {
      y();
    });
  });
  test.skip(`drops ${x}`, async function () {
    y();
  });
  it("async", fakeAsync(() => {
    y();
  }));
});
Deno.test("adds", () => {
  z();
});
test.describe("page", () => {
  test("opens", async ({ page }) => {
    z();
  });
});
""",
    "module Cart",
    "module Cart.of %i items",
    "function Cart.of %i items.adds",
    "function Cart.drops ${x}",
    "function Cart.async",
    "function adds",
    "module page",
    "function page.opens",
)
_blocks(
    "express, chains and hono",
    "javascript",
    """
const app = express();
app.get("/a", list);
router.route("/b").get((q) => {
  x();
}).post((q) => {
  y();
});
new Hono().get("/c", (c) => {
  x();
}).post("/d", (c) => {
  y();
});
axios.post("/no", data);
map.get("key", () => 1);
exports.routes = (app) => {
  app.put("/e", (q) => {
    x();
  });
};
""",
    "constant app",
    "function GET /a",
    "function GET /b",
    "function POST /b",
    "function GET /c",
    "function POST /d",
    "function routes",
    "function routes.PUT /e",
)
_blocks(
    "components, stores, procedures and handlers",
    "tsx",
    """
const Row = memo(forwardRef<A, B>((props, ref) => {
  return <tr />;
}));
export const Page = lazy(() => import("./Page"));
const Plain = observer(RowBase);
const withAuth2 = withAuth(() => {
  return 1;
});
const router = t.router({
  list: procedure.input(z.string()).query(async () => {
    return 1;
  }),
});
const schema = z.object({
  name: z.string(),
});
export const useStore = defineStore("cart", () => {
  function add() {
    x();
  }
});
const total = items.reduce((sum, item) => {
  return sum + item;
});
export function Form() {
  const handle = useCallback(async () => {
    await x();
  }, []);
  const submit = async () => {
    y();
  };
  const short = () => 1;
  return <form />;
}
class C {
  @Get("users")
  list() {
    x();
  }
}
""",
    "function Row",
    "function Page",
    "function Plain",
    "function withAuth2",
    "constant router",
    "method router.list",
    "constant schema",
    "constant useStore",
    "function useStore.add",
    "constant total",
    "function Form",
    "function Form.handle",
    "function Form.submit",
    "class C",
    "method C.list = GET users",
)
_blocks(
    "routes in decorators",
    "python",
    """
@app.get("/users")
@login
def users():
    def inner():
        pass
    class Local:
        def m(self):
            pass
    def one(): pass

@bp.route("/x", methods=["GET"])
def x():
    pass

@mock.patch("a.b")
def y():
    pass
""",
    "function users = GET /users",
    "function users.inner",
    "class users.Local",
    "method users.Local.m",
    "function x = /x",
    "function y",
)
_blocks(
    "RSpec, minitest and factories",
    "ruby",
    """
RSpec.describe Shop::Cart, type: :model do
  subject(:cart) { x }
  let!(:a) { b }
  context "when full" do
    it "adds an item" do
      x
    end
    it { is_expected.to be }
    shared_examples "a cart" do
      it("works") { x }
    end
  end
end
class CartTest < Minitest::Test
  test "adds x" do
    y
  end
  def test_x
  end
end
FactoryBot.define do
  factory :user do
    name { "x" }
  end
end
""",
    "module Shop.Cart",
    "constant Shop.Cart.cart",
    "constant Shop.Cart.a",
    "module Shop.Cart.when full",
    "function Shop.Cart.when full.adds an item",
    "module Shop.Cart.when full.a cart",
    "function Shop.Cart.when full.a cart.works",
    "class CartTest",
    "function CartTest.adds x",
    "method CartTest.test_x",
    "function user",
)
_blocks(
    "rake",
    "ruby",
    """
namespace :db do
  desc "Seed"
  task :seed, [:count] => :environment do |t|
    y
  end
  task seed2: :environment do
    y
  end
end
""",
    "module db",
    "function db.seed",
    "function db.seed2",
)
_blocks(
    "Rails and Sinatra",
    "ruby",
    """
class User < ApplicationRecord
  has_many :orders, dependent: :destroy
  scope :active, -> { where(x: 1) }
  define_method(:foo) do |x|
    z
  end
  sig { void }
  def b; end
end
Rails.application.routes.draw do
  namespace :admin do
    resources :users do
      get '/x', to: 'a#b'
    end
    resources :carts, only: [:index]
    post "/y" => "c#d"
  end
end
get '/hi' do
  y
end
create_table :users do |t|
end
module M
  extend ActiveSupport::Concern
  included do
    scope :z, -> { }
  end
  class_methods do
    def build
    end
  end
end
""",
    "class User",
    "method User.orders",
    "method User.active",
    "method User.foo",
    "method User.b",
    "module admin",
    "module admin.users",
    "function admin.users.GET /x",
    "function admin.resources carts",
    "function admin.POST /y",
    "function GET /hi",
    "struct users",
    "module M",
    "method M.z",
    "function M.build",
)
_blocks(
    "ExUnit, Phoenix and Ecto",
    "elixir",
    """
defmodule CartTest do
  use ExUnit.Case
  describe "add/2" do
    test "adds an item", %{cart: cart} do
      x
    end
  end
  property "is sorted" do
    y
  end
end
defmodule Router do
  scope "/api", Shop do
    pipe_through :api
    get "/users", UserController, :index
    resources "/carts", CartController
  end
  pipeline :api do
    plug :x
  end
end
defmodule User do
  schema "users" do
    field :a
  end
end
defimpl String.Chars, for: Cart do
  def to_string(x), do: 1
end
""",
    "module CartTest",
    "module CartTest.add/2",
    "function CartTest.add/2.adds an item",
    "function CartTest.is sorted",
    "module Router",
    "module Router./api",
    "function Router./api.GET /users",
    "function Router./api.resources /carts",
    "function Router.api",
    "module User",
    "struct User.schema users",
    "module String.Chars.Cart",
    "function String.Chars.Cart.to_string",
)
_blocks(
    "Gradle",
    "kotlin",
    """
plugins {
  id("x")
}
tasks.register<Copy>("copyDocs") {
  from("x")
}
tasks {
  named<Test>("test") {
    y()
  }
}
task("hello") {
  doLast { println() }
}
val copy by tasks.registering(Copy::class) {
  from("y")
}
""",
    "module plugins",
    "function copyDocs",
    "module tasks",
    "function tasks.test",
    "function hello",
    "constant copy",
)
_blocks(
    "Kotest, JUnit and Ktor",
    "kotlin",
    """
class CartTest : FunSpec({
  context("full") {
    test("adds an item") {
      x()
    }
  }
  "drops" {
    y()
  }
})
class JUnitTest {
  @Test
  fun `adds an item`() {
    x()
  }
}
fun Application.module() {
  routing {
    route("/api") {
      get("/users") {
        call.respond(x)
      }
    }
  }
}
""",
    "class CartTest",
    "module CartTest.full",
    "function CartTest.full.adds an item",
    "function CartTest.drops",
    "class JUnitTest",
    "method JUnitTest.adds an item",
    "function Application.module",
    "module Application.module./api",
    "function Application.module./api.GET /users",
)
_blocks(
    "properties, companions and objects",
    "kotlin",
    """
class A {
  val total: Int
    get() {
      return 1
    }
  init {
    x()
  }
  val l = { x: Int ->
    y()
  }
  var small = 1
  companion object Named {
    fun of() {}
  }
  object Inner { fun a() {} }
}
val String.slug: String
  get() = this
""",
    "class A",
    "method A.total",
    "method A.init",
    "method A.l",
    "method A.of",
    "class A.Inner",
    "method A.Inner.a",
    "method slug",
)
_blocks(
    "views, tests and routes",
    "swift",
    """
struct C: View {
  var body: some View {
    Text("x")
  }
  @Test("adds an item") func adds() {
    x()
  }
  subscript(i: Int) -> Int {
    get { 1 }
  }
  lazy var f: (Int) -> Int = { (x: Int) in
    return y
  }
  var stored = 1
}
extension Cart: P where T: Q {
  func a() {
    func inner() {
      x()
    }
  }
}
class S: QuickSpec {
  override func spec() {
    describe("cart") {
      it("adds") {
        x()
      }
    }
  }
}
func routes(_ app: Application) {
  app.get("users", ":id") { req in
    x()
  }
}
""",
    "struct C",
    "method C.body",
    "method C.adds = adds an item",
    "method C.subscript",
    "method C.f",
    "module Cart",
    "method Cart.a",
    "function Cart.a.inner",
    "class S",
    "method S.spec",
    "module S.spec.cart",
    "function S.spec.cart.adds",
    "function routes",
    "function routes.GET users",
)
_blocks(
    "routes, events and extension methods",
    "csharp",
    """
app.MapGet("/users", () => "x");
app.MapPost("/users", async (Db db) => {
  x();
});
var group = app.MapGroup("/api");
static class StringExtensions {
  public static string Slug(this string text) {
    return x;
  }
}
class A {
  event EventHandler X { add { y(); } remove { z(); } }
  Action<int> h = (x) => {
    y();
  };
  [HttpGet("{id}")]
  public User Get(int id) {
    return x;
    int Local() {
      return 1;
    }
  }
}
""",
    "function GET /users",
    "function POST /users",
    "class StringExtensions",
    "method StringExtensions.Slug = string.Slug",
    "class A",
    "method A.X",
    "method A.h",
    "method A.Get = GET {id}",
    "function A.Get.Local",
)
_blocks(
    "anonymous classes, routes and tests",
    "java",
    """
class O {
  private final H handler = new H() {
    public void a() { x(); }
  };
  Function<A, B> f = x -> {
    y();
  };
  static {
    x();
  }
  enum E { A { void f() {} }, B }
  @GetMapping("/users")
  List<User> users() {
    new Thread(new Runnable() {
      public void run() {
        x();
      }
    });
    return x;
  }
  @Test
  @DisplayName("adds an item")
  void adds() {
    x();
  }
}
""",
    "class O",
    "constant O.handler",
    "method O.handler.a",
    "method O.f",
    "method O.static",
    "enum O.E",
    "class O.E.A",
    "method O.E.A.f",
    "method O.users = GET /users",
    "method O.users.run",
    "method O.adds = adds an item",
)
_blocks(
    "Laravel, Slim, Pest and anonymous classes",
    "php",
    """
<?php
Route::get('/users', [C::class, 'index'])->name('x');
Route::middleware('auth')->group(function () {
  Route::post('/x', function () {
    y();
  });
});
$app->get('/slim/{id}', function ($r) {
  z();
});
$router->get('/lumen', 'C@x');
$this->get('/not-in-tests', []);
Route::resource('photos', PhotoController::class);
describe('cart', function () {
  it('adds an item', function () {
    expect(1)->toBe(1);
  })->group('x');
});
test('plain', fn () => 1);
$h = new class {
  public function a() {}
};
define('Y', 1);
""",
    "function GET /users",
    "function POST /x",
    "function GET /slim/{id}",
    "function GET /lumen",
    "function resource photos",
    "module cart",
    "function cart.adds an item",
    "function plain",
    "class h",
    "method h.a",
    "constant Y",
)
_blocks(
    "subtests, Ginkgo and routes",
    "go",
    """
package a

func TestX(t *testing.T) {
	t.Run("adds an item", func(t *testing.T) {
		x()
	})
	http.HandleFunc("/x", func(w W) {
		y()
	})
	r.Route("/z", func(r R) {
		r.Get("/a", func(w W) {
			y()
		})
	})
}
var _ = Describe("Cart", func() {
	It("adds", func() {
		x()
	})
})
var _ I = (*T)(nil)
type (
	A struct { x int }
	B = int
	C int
)
""",
    "function TestX",
    "function TestX.adds an item",
    "function TestX./x",
    "module TestX./z",
    "function TestX./z.GET /a",
    "module Cart",
    "function Cart.adds",
    "struct A",
    "type B",
    "type C",
)
_blocks(
    "impls, attributes and tests",
    "rust",
    """
extern "C" {
    fn a(x: i32) -> i32;
}
union U { a: i32, b: f32 }
impl<T> fmt::Display for Cart<T> {
    fn fmt(&self) {
        fn inner() {
            x();
        }
    }
}
impl Marker for Cart {}
#[get("/orders/{id}")]
async fn orders() {
    x();
}
#[cfg(test)]
mod tests {
    #[test]
    fn adds_an_item() {
        x();
    }
}
""",
    "function a",
    "struct U",
    "module Cart",
    "method Cart.fmt",
    "function Cart.fmt.inner",
    "module Cart",
    "function orders = GET /orders/{id}",
    "module tests",
    "function tests.adds_an_item",
)
_blocks(
    "ScalaTest and givens",
    "scala",
    """
class T extends AnyFlatSpec {
  "A Cart" should "add items" in {
    x()
  }
  it should "drop items" in {
    y()
  }
  test("c d") {
    z()
  }
  describe("x") {
    it("y") {
      z()
    }
  }
  "X" when {
    "full" should {
      "reject" in {
        q
      }
    }
  }
}
given Ord[Int] with
  def compare(a: Int, b: Int) = 1
extension (s: String)
  def slug = 1
  def other = 2
""",
    "class T",
    "function T.A Cart should add items",
    "function T.it should drop items",
    "function T.c d",
    "module T.x",
    "function T.x.y",
    "module T.X",
    "module T.X.full",
    "function T.X.full.reject",
    "constant Ord[Int]",
    "function Ord[Int].compare",
    "function slug",
    "function other",
)
_blocks(
    "tests and extensions",
    "dart",
    """
void main() {
  group('cart', () {
    setUp(() {});
    test('adds an item', () {
      x();
    });
    testWidgets('shows', (tester) async {
      y();
    });
  });
}
extension Slug on String {
  String slug() {
    return this;
  }
}
""",
    "function main",
    "module main.cart",
    "function main.cart.adds an item",
    "function main.cart.shows",
    "class Slug",
    "method Slug.slug",
)
_blocks(
    "busted and tables",
    "lua",
    """
describe("cart", function()
  it("adds an item", function()
    x()
  end)
end)
local M = {
  run = function()
  end,
}
function M.a()
  local function inner()
    x()
  end
end
""",
    "module cart",
    "function cart.adds an item",
    "constant M",
    "method M.run",
    "function M.a",
    "function M.a.inner",
)
_blocks(
    "Catch2, doctest, Boost and Unreal",
    "cpp",
    """
TEST_CASE("cart", "[x]") {
  int n = 1;
  SECTION("adds an item") {
    x();
  }
}
SCENARIO("cart b") {
  GIVEN("an item") {
    WHEN("added") {
      x();
    }
  }
}
TEST_CASE("doctest one") {
  SUBCASE("sub") {
    x();
  }
}
BOOST_AUTO_TEST_CASE(adds_item) {
  x();
}
UFUNCTION(BlueprintCallable)
void AHero::Jump() {
  std::lock_guard<std::mutex> lock(mutex_);
  auto l = [](int x) {
    y();
  };
}
""",
    "function cart",
    "function cart.adds an item",
    "function cart b",
    "function cart b.an item",
    "function cart b.an item.added",
    "function doctest one",
    "function doctest one.sub",
    "function adds_item",
    "function AHero.Jump",
)
_blocks(
    "branches that do not fit each other",
    "c",
    """
int f(void) {
#ifdef A
  if (a) {
#elif defined(B)
  if (b) {
#else
  {
#endif
    x();
  }
  return 0;
}
#ifdef A
int g(int x) {
#else
int g(void) {
#endif
  return 1;
}
int h(void) {
#ifdef A
  if (a) {
#endif
    x();
#ifdef A
  }
#endif
}
int i(void) {
  return '{' + "{"[0];
}
""",
    "function f",
    "function g",
    "function h",
    "function i",
)
_blocks(
    "Ansible",
    "yaml",
    """
- name: Configure web
  hosts: web
  tasks:
    - name: Install nginx
      apt: nginx
    - name: "Start, now"
      service: x
""",
    "key Configure web",
    "key Configure web.name",
    "key Configure web.hosts",
    "key Configure web.tasks",
    "key Configure web.tasks.Install nginx",
    "key Configure web.tasks.Start now",
)
_blocks(
    "GitHub Actions and services",
    "yaml",
    """
jobs:
  build:
    steps:
      - name: Checkout
        uses: actions/checkout
      - run: make
services:
  web:
    image: nginx
""",
    "key jobs",
    "key jobs.build",
    "key jobs.build.steps",
    "key services",
    "key services.web",
    "key services.web.image",
)
_blocks(
    "Kubernetes and Helm",
    "yaml",
    """
kind: Deployment
metadata:
  name: web
---
{{- if .Values.x }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: "cfg"
  labels:
    {{- include "x" . | nindent 4 }}
data:
  a: {{ .Values.a | quote }}
{{- end }}
---
kind: List
items:
- a
""",
    "key Deployment web",
    "key Deployment web.kind",
    "key Deployment web.metadata",
    "key Deployment web.metadata.name",
    "key ConfigMap cfg",
    "key ConfigMap cfg.apiVersion",
    "key ConfigMap cfg.kind",
    "key ConfigMap cfg.metadata",
    "key ConfigMap cfg.metadata.name",
    "key ConfigMap cfg.metadata.labels",
    "key ConfigMap cfg.data",
    "key ConfigMap cfg.data.a",
    "key kind",
    "key items",
)
