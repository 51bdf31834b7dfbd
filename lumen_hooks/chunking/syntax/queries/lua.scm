(comment) @lead
(function_call
  name: (identifier) @_suite
  arguments: (arguments . (string) @text (function_definition))
  (#any-of? @_suite "describe" "context" "insulate" "expose")) @module
(function_call
  name: (identifier) @_test
  arguments: (arguments . (string) @text (function_definition))
  (#any-of? @_test "it" "test" "spec" "pending")) @function
(function_declaration name: (_) @name) @function
(assignment_statement
  (variable_list . name: (_) @name)
  (expression_list . value: (function_definition))) @function
(variable_declaration
  (assignment_statement
    (variable_list . name: (_) @name)
    (expression_list . value: (function_definition)))) @function
(field name: (identifier) @name value: (function_definition)) @method
(chunk
  (variable_declaration
    (assignment_statement (variable_list . name: (identifier) @name))) @constant)
(chunk (assignment_statement (variable_list . name: (_) @name)) @constant)
