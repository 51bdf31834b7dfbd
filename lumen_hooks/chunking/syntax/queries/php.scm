(comment) @lead
; Tests and routes: a call with a text and a closure.
(function_call_expression
  function: (name) @_suite
  arguments: (arguments
    .
    (argument [(string) (encapsed_string)] @text)
    (argument [(anonymous_function) (arrow_function)]))
  (#any-of? @_suite "describe" "context")) @module
(function_call_expression
  function: (name) @_test
  arguments: (arguments
    .
    (argument [(string) (encapsed_string)] @text)
    (argument [(anonymous_function) (arrow_function)]))
  (#any-of? @_test "it" "test" "arch" "todo")) @function
(scoped_call_expression
  scope: (name) @_route
  name: (name) @verb
  arguments: (arguments . (argument [(string) (encapsed_string)] @text) . (argument (_)))
  (#eq? @_route "Route")
  (#any-of? @verb "get" "post" "put" "patch" "delete" "options" "any")) @function
(scoped_call_expression
  scope: (name) @_route
  name: (name) @label
  arguments: (arguments . (argument [(string) (encapsed_string)] @text) . (argument (_)))
  (#eq? @_route "Route")
  (#any-of? @label "resource" "apiResource" "view" "redirect")) @function
(member_call_expression
  name: (name) @verb
  arguments: (arguments
    .
    (argument [(string) (encapsed_string)] @text)
    (argument [(anonymous_function) (arrow_function)]))
  (#any-of? @verb "get" "post" "put" "patch" "delete" "options" "any")
  (#match? @text "^.[/]")) @function
(member_call_expression
  object: (variable_name (name) @_router)
  name: (name) @verb
  arguments: (arguments . (argument [(string) (encapsed_string)] @text) . (argument (_)))
  (#any-of? @_router "app" "router" "routes" "group" "r")
  (#any-of? @verb "get" "post" "put" "patch" "delete" "options" "any")
  (#match? @text "^.[/]")) @function
(class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(trait_declaration name: (_) @name) @trait
(enum_declaration name: (_) @name) @enum
(method_declaration name: (_) @name) @method
(function_definition name: (_) @name) @function
(expression_statement
  (assignment_expression
    left: (variable_name (name) @name)
    right: [(anonymous_function) (arrow_function)])) @function
(expression_statement
  (assignment_expression
    left: (variable_name (name) @name)
    right: (object_creation_expression (anonymous_class)))) @class
(program
  (expression_statement
    (function_call_expression
      function: (name) @_define
      arguments: (arguments . (argument [(string) (encapsed_string)] @text)))
    (#eq? @_define "define")) @constant)
(program (const_declaration (const_element (name) @name)) @constant)
(declaration_list (const_declaration (const_element (name) @name)) @table)
