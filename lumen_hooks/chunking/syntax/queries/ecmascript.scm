(comment) @lead
(decorator) @lead
(export_statement declaration: (_) @inner) @wrap
; Tests and routes: a call with a text and a function.
(call_expression
  function: (member_expression
    object: (identifier) @_tests
    property: (property_identifier) @_suite)
  arguments: (arguments . [(string) (template_string)] @text [(arrow_function) (function_expression)])
  (#eq? @_tests "test")
  (#any-of? @_suite "describe" "suite")) @module
(call_expression
  function: [
    (identifier) @_suite
    (member_expression object: (identifier) @_suite)
    (call_expression
      function: [
        (member_expression object: (identifier) @_suite)
        (member_expression object: (member_expression object: (identifier) @_suite))
      ])
  ]
  arguments: (arguments
    .
    [(string) (template_string) (identifier) (member_expression)] @text
    [(arrow_function) (function_expression)])
  (#any-of? @_suite "describe" "suite" "context" "fdescribe" "xdescribe" "feature")) @module
(call_expression
  function: [
    (identifier) @_test
    (member_expression object: (identifier) @_test)
    (call_expression
      function: [
        (member_expression object: (identifier) @_test)
        (member_expression object: (member_expression object: (identifier) @_test))
      ])
  ]
  arguments: (arguments
    .
    [(string) (template_string)] @text
    [
      (arrow_function)
      (function_expression)
      (call_expression arguments: (arguments [(arrow_function) (function_expression)]))
    ])
  (#any-of? @_test
    "it" "test" "specify" "fit" "xit" "xtest" "bench" "Deno" "QUnit" "t" "scenario")) @function
(call_expression
  function: (member_expression property: (property_identifier) @verb @function)
  arguments: (arguments
    .
    [(string) (template_string)] @text
    [(arrow_function) (function_expression) (call_expression)]) @end
  (#any-of? @verb "get" "post" "put" "patch" "delete" "del" "all" "options" "head")
  (#match? @text "^.[/*]"))
(expression_statement
  (call_expression
    function: (member_expression
      object: (identifier) @_router
      property: (property_identifier) @verb @function)
    arguments: (arguments . [(string) (template_string)] @text . (_)) @end)
  (#any-of? @verb "get" "post" "put" "patch" "delete" "del" "all" "options" "head")
  (#match? @_router "^(?:\\w*[aA]pp|\\w*[rR]outer|\\w*[sS]erver|\\w*[rR]outes?|fastify)$")
  (#match? @text "^.[/*]"))
(call_expression
  function: (member_expression
    object: (call_expression
      function: (member_expression property: (property_identifier) @_route)
      arguments: (arguments . [(string) (template_string)] @text .))
    property: (property_identifier) @verb @function)
  arguments: (arguments) @end
  (#eq? @_route "route")
  (#any-of? @verb "get" "post" "put" "patch" "delete" "all"))
(call_expression
  function: (member_expression
    object: (call_expression
      function: (member_expression
        object: (call_expression
          function: (member_expression property: (property_identifier) @_route)
          arguments: (arguments . [(string) (template_string)] @text .))))
    property: (property_identifier) @verb @function)
  arguments: (arguments) @end
  (#eq? @_route "route")
  (#any-of? @verb "get" "post" "put" "patch" "delete" "all"))
; Components and handlers: a function that another one wraps.
(variable_declarator
  name: (identifier) @name
  value: (call_expression
    function: [
      (identifier) @_wrap
      (member_expression property: (property_identifier) @_wrap)
    ])
  (#any-of? @_wrap "memo" "forwardRef" "lazy" "observer")) @function
(variable_declarator
  name: (identifier) @name
  value: (call_expression
    function: [
      (identifier) @_wrap
      (member_expression property: (property_identifier) @_wrap)
    ]
    arguments: (arguments . [(arrow_function) (function_expression)]))
  (#match? @_wrap "^(?:useCallback|useEvent|useEffectEvent|debounce|throttle|with[A-Z]\\w*|\\w*[hH]andler|catchAsync|asyncWrap\\w*)$")) @function
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: (_) @name) @method
(pair key: (_) @name value: [(arrow_function) (function_expression) (generator_function)]) @method
(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(variable_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(lexical_declaration
  (variable_declarator name: (identifier) @name value: (class))) @class
(expression_statement
  (assignment_expression
    left: [(identifier) (member_expression)] @name
    right: [(arrow_function) (function_expression) (generator_function)])) @function
(expression_statement
  (assignment_expression left: [(identifier) (member_expression)] @name right: (class))) @class
(export_statement
  "default" @name
  value: [(arrow_function) (function_expression) (generator_function)]) @function
(export_statement "default" @name value: (class)) @class
(pair
  key: (_) @name
  value: (call_expression
    function: (member_expression property: (property_identifier) @_procedure)
    arguments: (arguments . [(arrow_function) (function_expression)]))
  (#any-of? @_procedure "query" "mutation" "subscription")) @method
(program
  (lexical_declaration (variable_declarator name: (identifier) @name)) @constant)
(program
  (export_statement
    declaration: (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(program
  (variable_declaration (variable_declarator name: (identifier) @name)) @constant)
