(comment) @lead
(unary_operator
  operator: "@"
  operand: (call target: (identifier) @_attribute)
  (#any-of? @_attribute "doc" "spec" "impl" "deprecated" "since" "typedoc")) @lead
(call
  target: (identifier) @_keyword
  (arguments . (alias) @name)
  (do_block)
  (#any-of? @_keyword "defmodule" "defimpl")) @module
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
