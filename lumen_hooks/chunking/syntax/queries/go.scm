(comment) @lead
(function_declaration name: (identifier) @name) @function
(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @scope
        (generic_type type: (type_identifier) @scope)
        (pointer_type (type_identifier) @scope)
        (pointer_type (generic_type type: (type_identifier) @scope))
      ]))
  name: (field_identifier) @name) @method
; Subtests, Ginkgo's blocks and routes: a call with a text and a function.
(call_expression
  function: [
    (identifier) @_suite
    (selector_expression field: (field_identifier) @_suite)
  ]
  arguments: (argument_list
    .
    [(interpreted_string_literal) (raw_string_literal)] @text
    (func_literal))
  (#any-of? @_suite "Describe" "Context" "When" "DescribeTable" "Route" "Group")) @module
(call_expression
  function: [
    (identifier) @_test
    (selector_expression field: (field_identifier) @_test)
  ]
  arguments: (argument_list
    .
    [(interpreted_string_literal) (raw_string_literal)] @text
    (func_literal))
  (#any-of? @_test "Run" "It" "Specify" "HandleFunc" "Handle")) @function
(call_expression
  function: (selector_expression field: (field_identifier) @verb)
  arguments: (argument_list
    .
    [(interpreted_string_literal) (raw_string_literal)] @text
    (func_literal))
  (#any-of? @verb
    "GET" "POST" "PUT" "PATCH" "DELETE" "HEAD" "OPTIONS" "Get" "Post" "Put" "Patch" "Delete")
  (#match? @text "^.[/]")) @function
(type_declaration "(" (type_spec name: (type_identifier) @name type: (struct_type)) @struct)
(type_declaration "(" (type_spec name: (type_identifier) @name type: (interface_type)) @interface)
(type_declaration "(" (type_spec name: (type_identifier) @name) @type)
(type_declaration "(" (type_alias name: (type_identifier) @name) @type)
(type_declaration (type_spec name: (type_identifier) @name type: (struct_type))) @struct
(type_declaration (type_spec name: (type_identifier) @name type: (interface_type))) @interface
(type_declaration (type_spec name: (type_identifier) @name)) @type
(type_declaration (type_alias name: (type_identifier) @name)) @type
(source_file (const_declaration (const_spec name: (identifier) @name)) @constant)
(source_file
  (var_declaration
    (var_spec
      name: (identifier) @name
      value: (expression_list
        [(func_literal) (call_expression arguments: (argument_list . (func_literal)))]))) @function)
(source_file
  (var_declaration (var_spec name: (identifier) @name (#not-eq? @name "_"))) @constant)
(source_file
  (var_declaration (var_spec_list (var_spec name: (identifier) @name))) @constant)
