(comment) @lead
(unary_operator
  operator: "@"
  operand: (call target: (identifier) @_attribute)
  (#any-of? @_attribute "doc" "spec" "impl" "deprecated" "since" "typedoc")) @lead
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name)
  (do_block)
  (#eq? @_keyword "defmodule")) @unit
(call
  target: (identifier) @_keyword
  (arguments . (alias) @scope (keywords (pair key: (keyword) @_for value: (alias) @name)))
  (do_block)
  (#eq? @_keyword "defimpl")
  (#match? @_for "^for:")) @unit
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name .)
  (do_block)
  (#eq? @_keyword "defimpl")) @unit
(call
  target: (identifier) @_suite
  (arguments . (string) @text)
  (do_block)
  (#any-of? @_suite "describe" "scope")) @module
(call
  target: (identifier) @_test
  (arguments . [(string) (atom)] @text)
  (do_block)
  (#any-of? @_test "test" "property" "feature" "pipeline" "task")) @function
(call
  target: (identifier) @label
  (arguments . (string) @text)
  (do_block)
  (#any-of? @label "schema" "embedded_schema")) @struct
(call
  target: (identifier) @verb
  (arguments . (string) @text . (_))
  (#any-of? @verb "get" "post" "put" "patch" "delete" "live" "forward")
  (#match? @text "^.[/]")) @function
(call
  target: (identifier) @label
  (arguments . (string) @text . (alias))
  (#eq? @label "resources")) @function
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name)
  (do_block)
  (#eq? @_keyword "defprotocol")) @interface
(call
  target: (identifier) @_keyword
  (arguments
    .
    [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator
        left: [(identifier) @name (call target: (identifier) @name)]
        operator: "when")
    ])
  (#any-of? @_keyword "def" "defp" "defdelegate" "defguard" "defguardp" "defn" "defnp")) @function
(call
  target: (identifier) @_keyword
  (arguments
    .
    [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator
        left: [(identifier) @name (call target: (identifier) @name)]
        operator: "when")
    ])
  (#any-of? @_keyword "defmacro" "defmacrop")) @macro
(call target: (identifier) @name (#any-of? @name "defstruct" "defexception")) @struct
