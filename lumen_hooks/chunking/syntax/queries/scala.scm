(comment) @lead
(block_comment) @lead
; Tests: a text and a block, in the several styles of ScalaTest.
(call_expression
  function: (call_expression
    function: (identifier) @_suite
    arguments: (arguments . (string) @text))
  arguments: (block)
  (#any-of? @_suite "describe" "feature" "context")) @module
(call_expression
  function: (call_expression
    function: (identifier) @_test
    arguments: (arguments . (string) @text))
  arguments: (block)
  (#any-of? @_test "test" "it" "they" "scenario" "property")) @function
(infix_expression
  left: (infix_expression operator: (identifier) @_verb right: (string)) @text
  operator: (identifier) @_in
  right: (block)
  (#any-of? @_verb "should" "must" "can" "will")
  (#any-of? @_in "in" "ignore")) @function
(infix_expression
  left: (string) @text
  operator: (identifier) @_in
  right: (block)
  (#any-of? @_in "in" ">>")) @function
(infix_expression
  left: (string) @text
  operator: (identifier) @_when
  right: (block)
  (#any-of? @_when "when" "should" "must" "can" "that" "which" "-")) @module
(class_definition name: (_) @name) @class
(object_definition name: (_) @name) @class
(trait_definition name: (_) @name) @trait
(enum_definition name: (_) @name) @enum
(package_object name: (_) @name) @module
(function_definition name: (_) @name) @function
(function_declaration name: (_) @name) @function
(given_definition name: (_) @name) @constant
(given_definition !name return_type: (_) @name) @constant
(type_definition name: (_) @name) @type
(compilation_unit (val_definition pattern: (identifier) @name) @constant)
(compilation_unit (var_definition pattern: (identifier) @name) @constant)
(template_body (val_definition pattern: (identifier) @name) @table)
