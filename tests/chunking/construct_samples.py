"""What people define beside plain functions and classes: a file for each kind of construct.

In each file the definition that is looked for stands between others of its kind. Its first row is
the first with a mark (a guillemet at the end of the row), its last row the last with one; the marks
are taken out. A row of `§` is filled up with eight statements, one of `§` and a text with eight
rows of that text, numbered at `#`, so that every definition is larger than what shares a chunk.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Construct(NamedTuple):
    """A construct, as docs/languages.md lists it.

    Attributes:
        path: the file's name, which tells its language.
        what: the construct, in words.
        symbol: what its chunk is to be called.
        kinds: those that are sensible for it.
        text: the file.
        first: the definition's first line.
        last: its last line.
    """

    path: str
    what: str
    symbol: str
    kinds: tuple[str, ...]
    text: str
    first: int
    last: int


CONSTRUCTS: list[Construct] = []

_FILLED = re.compile(r"^(\s*)§(.*)$")
_MARK = "«"
_STATEMENT = 'log("a line of some length that fills a body up", #)'
_NO_SEMICOLON = {"py", "rb", "ex", "exs", "lua", "kt", "kts", "swift", "scala"}


def _construct(path: str, what: str, symbol: str, kinds: str, text: str) -> None:
    extension = path.rpartition(".")[2]
    statement = _STATEMENT if extension in _NO_SEMICOLON else f"{_STATEMENT};"
    if extension == "sh":
        statement = 'echo "a line of some length that fills a body up" #'
    rows: list[str] = []
    marked: list[int] = []
    for row in text.strip("\n").split("\n"):
        plain = row.removesuffix(_MARK)
        if filled := _FILLED.match(plain):
            filler = filled[1] + (filled[2] or statement)
            rows += [filler.replace("#", str(number)) for number in range(1, 9)]
        else:
            rows.append(plain)
        if plain != row:
            marked.append(len(rows))
    name = tuple(kinds.split())
    CONSTRUCTS.append(
        Construct(path, what, symbol, name, "\n".join(rows) + "\n", marked[0], marked[-1])
    )


_construct(
    "a.js",
    "class field arrow",
    "Cart.onClick",
    "method function",
    """
class Cart {
  onOpen = () => {
    §
  };
  onClick = (event) => {«
    §
  };«
  onClose = () => {
    §
  };
}
""",
)
_construct(
    "a.js",
    "object literal method",
    "api.fetchUser",
    "method function",
    """
const api = {
  listUsers() {
    §
  },
  async fetchUser(id) {«
    §
  },«
  dropUser(id) {
    §
  },
};
""",
)
_construct(
    "a.js",
    "object literal arrow",
    "actions.addItem",
    "method function",
    """
export const actions = {
  clear: () => {
    §
  },
  addItem: async (item) => {«
    §
  },«
  drop: (item) => {
    §
  },
};
""",
)
_construct(
    "a.js",
    "prototype method",
    "Cart.total",
    "method function",
    """
function Cart() {
  §
}
Cart.prototype.total = function (tax) {«
  §
};«
Cart.prototype.clear = function () {
  §
};
""",
)
_construct(
    "a.js",
    "IIFE inner function",
    "render",
    "function",
    """
(function (window) {
  function measure() {
    §
  }
  function render(node) {«
    §
  }«
  function clear() {
    §
  }
})(window);
""",
)
_construct(
    "a.js",
    "UMD/define module fn",
    "render",
    "function",
    """
define(["jquery"], function ($) {
  function measure() {
    §
  }
  function render(node) {«
    §
  }«
  function clear() {
    §
  }
  return { measure: measure };
});
""",
)
_construct(
    "a.js",
    "express route",
    "GET /users",
    "function",
    """
const app = express();
app.post("/users", async (req, res) => {
  §
});
app.get("/users", requireLogin, async (req, res) => {«
  §
});«
app.delete("/users/:id", (req, res) => {
  §
});
""",
)
_construct(
    "a.test.js",
    "jest it()",
    "Cart.adds an item",
    "function",
    """
describe("Cart", () => {
  it("is empty at first", () => {
    §
  });
  it("adds an item", async () => {«
    §
  });«
  it("drops an item", () => {
    §
  });
});
""",
)
_construct(
    "a.js",
    "default anonymous export",
    "default",
    "function",
    """
export function configure() {
  §
}
export default function (options) {«
  §
}«
export function defaults() {
  §
}
""",
)
_construct(
    "a.js",
    "HOC const",
    "withAuth",
    "function",
    """
export const withTheme = (Component) => (props) => {
  §
};
export const withAuth = (Component) => (props) => {«
  §
};«
export const withStore = (Component) => (props) => {
  §
};
""",
)
_construct(
    "a.js",
    "redux createSlice",
    "slice",
    "constant module",
    """
const other = createSlice({
  name: "other",
  §key#: "an initial value of some length that fills up",
});
export const slice = createSlice({«
  name: "cart",
  initialState: {
    §key#: "an initial value of some length that fills up",
  },
});«
const last = createSlice({
  name: "last",
  §key#: "an initial value of some length that fills up",
});
""",
)
_construct(
    "a.ts",
    "abstract class",
    "Repo",
    "class",
    """
abstract class Base {
  §field#: string = "a line of some length that fills a class";
}
export abstract class Repo<T> extends Base {«
  §field#: string = "a line of some length that fills a class";
}«
class Other {
  §field#: string = "a line of some length that fills a class";
}
""",
)
_construct(
    "a.ts",
    "declare module",
    "vue",
    "module",
    """
declare module "react" {
  §export const value#: "a line of some length that fills a module";
}
declare module "vue" {«
  §export const value#: "a line of some length that fills a module";
}«
declare module "svelte" {
  §export const value#: "a line of some length that fills a module";
}
""",
)
_construct(
    "a.ts",
    "namespace fn",
    "Util.pad",
    "function",
    """
export namespace Util {
  export function trim(text: string): string {
    §
  }
  export function pad(text: string): string {«
    §
  }«
  export function fold(text: string): string {
    §
  }
}
""",
)
_construct(
    "a.ts",
    "generic arrow",
    "mapAll",
    "function",
    """
export const one = <T,>(items: T[]): T => {
  §
};
export const mapAll = <T, U>(items: T[], f: (item: T) => U): U[] => {«
  §
};«
export const none = <T,>(items: T[]): void => {
  §
};
""",
)
_construct(
    "a.ts",
    "getter",
    "Cart.total",
    "method function",
    """
class Cart {
  get size(): number {
    §
  }
  get total(): number {«
    §
  }«
  set owner(value: string) {
    §
  }
}
""",
)
_construct(
    "a.tsx",
    "React.memo TS generic",
    "Row",
    "function",
    """
export const Head = React.memo<HeadProps>(({ item }) => {
  §
  return <th>{item}</th>;
});
export const Row = React.memo<RowProps>(function Row({ item }) {«
  §
  return <tr>{item}</tr>;
});«
export const Cell = memo(({ item }: CellProps) => {
  §
  return <td>{item}</td>;
});
""",
)
_construct(
    "a.tsx",
    "arrow FC",
    "Row",
    "function",
    """
const Head: React.FC<Props> = ({ item }) => {
  §
  return <th>{item}</th>;
};
const Row: React.FC<Props> = ({ item }) => {«
  §
  return <tr>{item}</tr>;
};«
const Cell: React.FC<Props> = ({ item }) => {
  §
  return <td>{item}</td>;
};
""",
)
_construct(
    "a.tsx",
    "useCallback handler in component",
    "Form.handleClick",
    "function method",
    """
export function Form({ items }: Props) {
  const handleOpen = useCallback(() => {
    §
    §
  }, [items]);
  const handleClick = useCallback((event: Event) => {«
    §
    §
  }, [items]);«
  const handleClose = useCallback(() => {
    §
    §
  }, [items]);
  return <form onClick={handleClick} />;
}
""",
)
_construct(
    "a.tsx",
    "styled-component",
    "Button",
    "constant function class",
    """
export const Frame = styled.div`
  §  margin-#: 12px 14px 16px 18px; padding-#: 12px 14px 16px;
`;
export const Button = styled.button<{ wide: boolean }>`«
  §  margin-#: 12px 14px 16px 18px; padding-#: 12px 14px 16px;
`;«
export const Label = styled(Base)`
  §  margin-#: 12px 14px 16px 18px; padding-#: 12px 14px 16px;
`;
""",
)
_construct(
    "a.py",
    "nested function",
    "outer.inner",
    "function",
    """
def outer(items):
    def first(item):
        §
        §

    def inner(item):«
        §
        §«

    def last(item):
        §
        §

    return [inner(item) for item in items]
""",
)
_construct(
    "a.py",
    "if TYPE_CHECKING def",
    "parse",
    "function",
    """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    def scan(text: str) -> int:
        §

    def parse(text: str) -> int:«
        §«

    def fold(text: str) -> int:
        §
""",
)
_construct(
    "a.py",
    "try/except def",
    "parse",
    "function",
    """
try:
    from fast import scan
except ImportError:
    def scan(text):
        §

    def parse(text):«
        §«

    def fold(text):
        §
""",
)
_construct(
    "a.py",
    "property",
    "Cart.total",
    "method function",
    """
class Cart:
    @property
    def size(self):
        §

    @cached_property«
    def total(self):
        §«

    @property
    def owner(self):
        §
""",
)
_construct(
    "a.py",
    "lambda const",
    "key_of",
    "constant function",
    """
first_of = lambda item: (
    §item["a line of some length that fills it #"],
)
key_of = lambda item: («
    §item["a line of some length that fills it #"],
)«
last_of = lambda item: (
    §item["a line of some length that fills it #"],
)
""",
)
_construct(
    "a.py",
    "dataclass",
    "Order",
    "class",
    """
@dataclass
class Base:
    §field#: str = "a line of some length that fills a class"

@dataclass(frozen=True)«
class Order(Base):
    §field#: str = "a line of some length that fills a class"
    last: int = 0«

@dataclass
class Other:
    §field#: str = "a line of some length that fills a class"
""",
)
_construct(
    "a.py",
    "TypedDict call",
    "Movie",
    "constant class type",
    """
Person = TypedDict("Person", {
    §"a_field_of_some_length_that_fills_it_#": str,
})

Movie = TypedDict("Movie", {«
    §"a_field_of_some_length_that_fills_it_#": str,
})«

Place = TypedDict("Place", {
    §"a_field_of_some_length_that_fills_it_#": str,
})
""",
)
_construct(
    "a.py",
    "inner class",
    "Order.Meta",
    "class",
    """
class Order(Model):
    class Query:
        §field# = "a line of some length that fills a class"

    class Meta:«
        §field# = "a line of some length that fills a class"
        last = 0«

    def save(self):
        §
""",
)
_construct(
    "a.py",
    "async gen",
    "stream",
    "function",
    """
async def fetch(source):
    §

async def stream(source):«
    §
    yield source«

async def drain(source):
    §
""",
)
_construct(
    "a.py",
    "django urlpatterns",
    "urlpatterns",
    "constant",
    """
def index(request):
    §

urlpatterns = [«
    §path("articles/<int:year>/#/", views.archive),
]«

def about(request):
    §
""",
)
_construct(
    "a.c",
    "#ifdef-wrapped fn",
    "parse",
    "function",
    """
#ifdef FAST
static int scan(const char *s) {
    §
}
int parse(const char *s) {«
    §
}«
int fold(const char *s) {
    §
}
#endif
""",
)
_construct(
    "a.c",
    "K&R",
    "parse",
    "function",
    """
int scan(s)
    char *s;
{
    §
}
int parse(s, n)«
    char *s;
    int n;
{
    §
}«
int fold(s)
    char *s;
{
    §
}
""",
)
_construct(
    "a.c",
    "attribute fn",
    "parse",
    "function",
    """
__attribute__((noinline)) int scan(const char *s) {
    §
}
__attribute__((noinline, cold)) static int parse(const char *s) {«
    §
}«
static int __attribute__((cold)) fold(const char *s) {
    §
}
""",
)
_construct(
    "a.c",
    "macro-defined fn",
    "test_parse",
    "function",
    """
define_test(test_scan) {
    §
}
define_test(test_parse) {«
    §
}«
define_test(test_fold) {
    §
}
""",
)
_construct(
    "a.c",
    "SYSCALL_DEFINE",
    "sys_read_all",
    "function",
    """
SYSCALL_DEFINE1(scan_all, int, fd)
{
    §
}
SYSCALL_DEFINE2(read_all, int, fd, char __user *, buffer)«
{
    §
}«
SYSCALL_DEFINE1(fold_all, int, fd)
{
    §
}
""",
)
_construct(
    "a.c",
    "fn pointer return",
    "handler_of",
    "function",
    """
int (*first_of(int kind))(int) {
    §
}
void (*handler_of(const char *name, int kind))(int signal) {«
    §
}«
static int (*last_of(int kind))(const char *) {
    §
}
""",
)
_construct(
    "a.c",
    "static const table",
    "commands",
    "constant",
    """
static const struct option options[] = {
    §{"a name of some length that fills the table", #},
};
static const struct command commands[] = {«
    §{"a name of some length that fills the table", #},
};«
static const char *names[] = {
    §"a name of some length that fills the table #",
};
""",
)
_construct(
    "a.c",
    "struct no typedef",
    "invoice",
    "struct",
    """
struct order {
    §char a_field_of_some_length_that_fills_a_struct_#[10];
};
struct invoice {«
    §char a_field_of_some_length_that_fills_a_struct_#[10];
};«
struct payment {
    §char a_field_of_some_length_that_fills_a_struct_#[10];
};
""",
)
_construct(
    "a.c",
    "typedef struct tag name",
    "invoice_t, invoice",
    "struct",
    """
typedef struct order {
    §char a_field_of_some_length_that_fills_a_struct_#[10];
} order_t;
typedef struct invoice {«
    §char a_field_of_some_length_that_fills_a_struct_#[10];
} invoice_t;«
typedef struct payment {
    §char a_field_of_some_length_that_fills_a_struct_#[10];
} payment_t;
""",
)
_construct(
    "a.c",
    "unclosed #if in body",
    "parse",
    "function",
    """
int scan(const char *s) {
    §
}
int parse(const char *s) {«
#ifdef FAST
    if (s[0]) {
        §
#else
    if (s[1]) {
        §
#endif
    }
    return 0;
}«
int fold(const char *s) {
    §
}
""",
)
_construct(
    "a.cpp",
    "nested namespace",
    "a.b.parse",
    "function",
    """
namespace a::b {
int scan(const char *s) {
    §
}
int parse(const char *s) {«
    §
}«
int fold(const char *s) {
    §
}
}
""",
)
_construct(
    "a.cpp",
    "template specialisation",
    "hash",
    "struct class",
    """
template <> struct less<Order> {
    §int a_field_of_some_length_that_fills_a_struct_#;
};
template <>«
struct hash<Order> {
    §int a_field_of_some_length_that_fills_a_struct_#;
};«
template <> struct equal<Order> {
    §int a_field_of_some_length_that_fills_a_struct_#;
};
""",
)
_construct(
    "a.cpp",
    "lambda var",
    "compare",
    "constant function",
    """
auto first = [](const Order &a) {
    §
};
auto compare = [](const Order &a, const Order &b) {«
    §
};«
auto last = [](const Order &a) {
    §
};
""",
)
_construct(
    "a.cpp",
    "ctor init list",
    "Cart.Cart",
    "function method",
    """
int Cart::size() const {
    §
}
Cart::Cart(int size, Owner *owner)«
    : size_(size), owner_{owner} {
    §
}«
void Cart::clear() {
    §
}
""",
)
_construct(
    "a.cpp",
    "destructor",
    "Cart.~Cart",
    "function method",
    """
class Cart {
  int size() const {
    §
  }
  virtual ~Cart() {«
    §
  }«
  void clear() {
    §
  }
};
""",
)
_construct(
    "a.cpp",
    "gtest",
    "Parser.Parses",
    "function",
    """
TEST(Parser, Scans) {
    §
}
TEST_F(Parser, Parses) {«
    §
}«
TYPED_TEST(Parser, Folds) {
    §
}
""",
)
_construct(
    "a.cpp",
    "UCLASS macro class",
    "AHero",
    "class",
    """
UCLASS()
class GAME_API AVillain : public AActor {
    GENERATED_BODY()
    §int a_field_of_some_length_that_fills_a_class_#;
};
UCLASS(Blueprintable, meta = (DisplayName = "Hero"))«
class GAME_API AHero : public AActor {
    GENERATED_BODY()
    §int a_field_of_some_length_that_fills_a_class_#;
};«
USTRUCT()
struct FItem {
    GENERATED_BODY()
    §int a_field_of_some_length_that_fills_a_class_#;
};
""",
)
_construct(
    "a.h",
    "extern C fn in header",
    "parse_all",
    "function",
    """
#ifdef __cplusplus
extern "C" {
#endif
static inline int scan_all(const char *s) {
    §
}
static inline int parse_all(const char *s) {«
    §
}«
static inline int fold_all(const char *s) {
    §
}
#ifdef __cplusplus
}
#endif
""",
)
_construct(
    "a.h",
    "objc header",
    "Mailer",
    "class interface",
    """
@interface Queue : NSObject
§- (void)aMethodOfSomeLengthThatFillsItUp#:(NSString *)text;
@end
@interface Mailer : NSObject <Sender>«
§- (void)aMethodOfSomeLengthThatFillsItUp#:(NSString *)text;
@end«
@protocol Sender
§- (void)aMethodOfSomeLengthThatFillsItUp#:(NSString *)text;
@end
""",
)
_construct(
    "a.go",
    "generic fn",
    "MapAll",
    "function",
    """
package a

func First[T any](items []T) T {
	§
}

func MapAll[T, U any](items []T, f func(T) U) []U {«
	§
}«

func None[T any](items []T) {
	§
}
""",
)
_construct(
    "a.go",
    "var func",
    "handler",
    "function constant",
    """
package a

var first = func(w http.ResponseWriter) {
	§
}

var handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {«
	§
})«

var last = func(w http.ResponseWriter) {
	§
}
""",
)
_construct(
    "a.go",
    "type group member",
    "Order",
    "struct",
    """
package a

type (
	Cart struct {
		§AFieldOfSomeLengthThatFillsTheStructUpToItsEnd# string
	}
	// Order is one order.«
	Order struct {
		§AFieldOfSomeLengthThatFillsTheStructUpToItsEnd# string
	}«
	Store interface {
		§AMethodOfSomeLengthThatFillsTheThingUpToItsEnd#() string
	}
)
""",
)
_construct(
    "a.rs",
    "trait impl method",
    "Cart.fmt",
    "method",
    """
impl Cart {
    pub fn size(&self) -> usize {
        §
    }
}

impl fmt::Display for Cart {«
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        §
    }
}«

impl Drop for Cart {
    fn drop(&mut self) {
        §
    }
}
""",
)
_construct(
    "a.rs",
    "async fn attr",
    "handle",
    "function",
    """
#[instrument]
async fn open(id: u32) {
    §
}

#[instrument(skip(id))]«
#[get("/orders/{id}")]
pub async fn handle(id: u32) -> Response {
    §
}«

async fn close(id: u32) {
    §
}
""",
)
_construct(
    "a.rs",
    "mod inline",
    "net.parse",
    "function",
    """
mod net {
    pub fn scan(s: &str) {
        §
    }
    pub fn parse(s: &str) {«
        §
    }«
    pub fn fold(s: &str) {
        §
    }
}
""",
)
_construct(
    "a.rs",
    "const array",
    "TABLE",
    "constant",
    """
const FIRST: [&str; 8] = [
    §"a line of some length that fills the array up #",
];
pub static TABLE: [&str; 8] = [«
    §"a line of some length that fills the array up #",
];«
const LAST: [&str; 8] = [
    §"a line of some length that fills the array up #",
];
""",
)
_construct(
    "a.rs",
    "union/extern block",
    "read_all",
    "function",
    """
extern "C" {
    fn scan_all(
        §a_parameter_of_some_length_that_fills_it_#: *const u8,
    ) -> i32;
    /// Reads everything.«
    pub fn read_all(
        §a_parameter_of_some_length_that_fills_it_#: *const u8,
    ) -> i32;«
    fn fold_all(
        §a_parameter_of_some_length_that_fills_it_#: *const u8,
    ) -> i32;
}
""",
)
_construct(
    "A.java",
    "inner class method",
    "Outer.Inner.run",
    "method",
    """
class Outer {
    static class Inner {
        void open() {
            §
        }
        void run() {«
            §
        }«
        void close() {
            §
        }
    }
}
""",
)
_construct(
    "A.java",
    "anonymous class",
    "Outer.handler",
    "constant class method",
    """
class Outer {
    private final Runnable first = new Runnable() {
        public void run() {
            §
        }
    };
    private final Handler handler = new Handler() {«
        @Override
        public void handle(Event event) {
            §
        }
    };«
    void last() {
        §
    }
}
""",
)
_construct(
    "A.java",
    "annotation type",
    "Audited",
    "interface type",
    """
@interface First {
    §String aValueOfSomeLengthThatFillsItUp#() default "x";
}
@Retention(RetentionPolicy.RUNTIME)«
public @interface Audited {
    §String aValueOfSomeLengthThatFillsItUp#() default "x";
}«
@interface Last {
    §String aValueOfSomeLengthThatFillsItUp#() default "x";
}
""",
)
_construct(
    "A.java",
    "constructor",
    "Cart.Cart",
    "method",
    """
class Cart {
    Cart() {
        §
    }
    int size() {
        §
    }
    @Inject«
    public Cart(Owner owner) {
        §
    }«
    void clear() {
        §
    }
}
""",
)
_construct(
    "A.kt",
    "companion fn",
    "Cart.of",
    "method function",
    """
class Cart {
    fun size(): Int {
        §
    }
    companion object {
        fun empty(): Cart {
            §
        }
        fun of(items: List<Item>): Cart {«
            §
        }«
        fun none(): Cart {
            §
        }
    }
}
""",
)
_construct(
    "A.kt",
    "fun interface",
    "Handler",
    "interface",
    """
interface First {
    §fun aMethodOfSomeLengthThatFillsItUp#(text: String)
}
fun interface Handler {«
    §fun aMethodOfSomeLengthThatFillsItUp#(text: String)
}«
interface Last {
    §fun aMethodOfSomeLengthThatFillsItUp#(text: String)
}
""",
)
_construct(
    "A.kts",
    "gradle kts block",
    "dependencies",
    "module section key function",
    """
plugins {
    §id("org.example.plugin-of-some-length-#") version "1.2"
}
dependencies {«
    §implementation("org.example:library-of-some-length:1.#")
}«
tasks.register<Copy>("copyDocs") {
    §
}
""",
)
_construct(
    "A.swift",
    "actor",
    "Store",
    "class",
    """
class First {
    §var aFieldOfSomeLengthThatFillsTheThingUp#: String
}
public actor Store {«
    §var aFieldOfSomeLengthThatFillsTheThingUp#: String
}«
class Last {
    §var aFieldOfSomeLengthThatFillsTheThingUp#: String
}
""",
)
_construct(
    "A.swift",
    "SwiftUI body",
    "CartView.body",
    "method",
    """
struct CartView: View {
    @State private var items: [Item] = []
    private var header: some View {
        §
    }
    var body: some View {«
        §
    }«
    private var footer: some View {
        §
    }
}
""",
)
_construct(
    "A.cs",
    "record struct",
    "Money",
    "class struct",
    """
record struct First(
    §string AParameterOfSomeLengthThatFillsItUp#,
    int Last);
public readonly record struct Money(«
    §string AParameterOfSomeLengthThatFillsItUp#,
    int Last);«
record struct Other(
    §string AParameterOfSomeLengthThatFillsItUp#,
    int Last);
""",
)
_construct(
    "A.cs",
    "minimal api top-level",
    "GET /users/{id}",
    "function",
    """
var app = WebApplication.Create(args);
app.MapPost("/users", async (Db db) => {
    §
});
app.MapGet("/users/{id}", async (int id, Db db) => {«
    §
});«
app.MapDelete("/users/{id}", (int id) => {
    §
});
app.Run();
""",
)
_construct(
    "A.cs",
    "property",
    "Cart.Total",
    "method",
    """
class Cart {
    public int Size {
        get {
            §
        }
    }
    public decimal Total {«
        get {
            §
        }
    }«
    public string Owner {
        get {
            §
        }
    }
}
""",
)
_construct(
    "a.php",
    "anonymous/closure route",
    "GET /users",
    "function",
    """
<?php
Route::post('/users', function (Request $request) {
    §
});
Route::get('/users', function (Request $request) {«
    §
});«
Route::delete('/users/{id}', function ($id) {
    §
});
""",
)
_construct(
    "a.php",
    "class method in html php",
    "Cart.total",
    "method",
    """
<html>
<?php
class Cart {
    public function size() {
        §
    }
    public function total(): float {«
        §
    }«
    public function clear() {
        §
    }
}
?>
<p>Text</p>
</html>
""",
)
_construct(
    "a.rb",
    "rake task",
    "db.seed_all",
    "function",
    """
namespace :db do
  task :open => :environment do
    §
  end

  desc "Fill the tables."«
  task :seed_all, [:count] => :environment do |_, args|
    §
  end«

  task :close do
    §
  end
end
""",
)
_construct(
    "a.rb",
    "class << self",
    "Cart.build",
    "method function",
    """
class Cart
  class << self
    def empty
      §
    end

    def build(items)«
      §
    end«

    def none
      §
    end
  end
end
""",
)
_construct(
    "a_spec.rb",
    "rspec it",
    "Cart.#add.adds an item",
    "function",
    """
RSpec.describe Cart do
  describe "#add" do
    it "is empty at first" do
      §
    end

    it "adds an item" do«
      §
    end«

    it "drops an item" do
      §
    end
  end
end
""",
)
_construct(
    "a.rb",
    "Struct.new",
    "Order",
    "class struct constant",
    """
Point = Struct.new(:x, :y) do
  def first
    log("a line of some length that fills a body up", 1)
  end
  §# A line of some length that fills a struct up, #
end

Order = Struct.new(:id, :total) do«
  §# A line of some length that fills a struct up, #
  VALUE = 1
end«

Size = Struct.new(:w, :h) do
  §# A line of some length that fills a struct up, #
end
""",
)
_construct(
    "a.ex",
    "multi-clause",
    "Shop.parse",
    "function",
    """
defmodule Shop do
  def scan(text) do
    §
  end

  def parse(""), do: nil«
  def parse(text) when is_binary(text) do
    §
  end«

  def fold(text) do
    §
  end
end
""",
)
_construct(
    "a.sh",
    "case in fn",
    "main",
    "function",
    """
usage() {
    §
}
main() {«
    case "$1" in
        start)
            §
            ;;
        *) usage ;;
    esac
}«
finish() {
    §
}
""",
)
_construct(
    "a.lua",
    "class method colon",
    "Cart.total",
    "function method",
    """
function Cart:size()
  §
end
function Cart:total(tax)«
  §
end«
function Cart:clear()
  §
end
""",
)
_construct(
    "a.lua",
    "table field fn",
    "M.run",
    "function method",
    """
local M = {
  open = function()
    §
  end,
  run = function(self)«
    §
  end,«
  close = function()
    §
  end,
}
return M
""",
)
_construct(
    "a.dart",
    "flutter build method",
    "Cart.build",
    "method",
    """
class Cart extends StatelessWidget {
  void open() {
    §
  }
  @override«
  Widget build(BuildContext context) {
    §
  }«
  void close() {
    §
  }
}
""",
)
_construct(
    "a.dart",
    "factory ctor",
    "Cart.fromJson",
    "method",
    """
class Cart {
  Cart.empty() {
    §
  }
  factory Cart.fromJson(Map<String, dynamic> json) {«
    §
  }«
  void close() {
    §
  }
}
""",
)
_construct(
    "a.scala",
    "given alone",
    "intOrd",
    "constant class",
    """
given firstOrd: Ord[Text] with
  def compare(x: Text, y: Text) =
    log("a line of some length that fills a body up", 1)
  §// A line of some length that fills a given up, #
  def last = 1

given intOrd: Ord[Int] with«
  def compare(x: Int, y: Int) =
    log("a line of some length that fills a body up", 1)
  §// A line of some length that fills a given up, #
  def last = 1«

given lastOrd: Ord[Long] with
  §// A line of some length that fills a given up, #
  def last = 1
""",
)
_construct(
    "a.scala",
    "extension alone",
    "slug",
    "function method",
    """
extension (text: String)
  def fold: String =
    §

  def slug: String =«
    §«

  def trimmed: String =
    §
""",
)
_construct(
    "a.scala",
    "object apply",
    "Cart.apply",
    "method",
    """
object Cart {
  def empty: Cart = {
    §
  }
  def apply(items: Item*): Cart = {«
    §
  }«
  def none: Cart = {
    §
  }
}
""",
)
_construct(
    "a.yaml",
    "k8s multi-doc",
    "Deployment web",
    "key",
    """
apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    §label-of-some-length-that-fills-it-#: some value
---
apiVersion: apps/v1«
kind: Deployment
metadata:
  name: web
spec:
  template:
    §label-of-some-length-that-fills-it-#: some value
---«
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  §label-of-some-length-that-fills-it-#: some value
""",
)
_construct(
    "openapi.yaml",
    "openapi path",
    "paths./users",
    "key",
    """
openapi: 3.0.0
paths:
  /orders:
    §x-some-key-of-some-length-that-fills-it-#: some value
  /users:«
    §x-some-key-of-some-length-that-fills-it-#: some value
    last: 1«
  /carts:
    §x-some-key-of-some-length-that-fills-it-#: some value
""",
)
