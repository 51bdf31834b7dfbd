(line_comment) @lead
(block_comment) @lead
; Tests, routes and Gradle's blocks: a call with a text and a lambda.
(call_expression
  (call_expression
    [(identifier) @_suite (navigation_expression (identifier) @_suite .)]
    (value_arguments . (value_argument (string_literal) @text)))
  (annotated_lambda)
  (#any-of? @_suite "describe" "context" "feature" "given" "route" "authenticate")) @module
(call_expression
  (call_expression
    [(identifier) @_test (navigation_expression (identifier) @_test .)]
    (value_arguments . (value_argument (string_literal) @text)))
  (annotated_lambda)
  (#any-of? @_test
    "test" "it" "should" "expect" "scenario" "then" "xtest" "xit" "task" "register" "named"
    "create" "getByName" "maybeCreate")) @function
(call_expression
  (call_expression
    (identifier) @verb
    (value_arguments . (value_argument (string_literal) @text)))
  (annotated_lambda)
  (#any-of? @verb "get" "post" "put" "patch" "delete" "head" "options")) @function
(call_expression (string_literal) @text (annotated_lambda)) @function
(source_file (call_expression (identifier) @name (annotated_lambda)) @module)
(class_declaration "interface" name: (_) @name) @interface
(class_declaration (modifiers (class_modifier "enum")) name: (_) @name) @enum
(class_declaration name: (_) @name) @class
(object_declaration name: (_) @name) @class
(function_declaration (user_type . (identifier) @scope) . "." . name: (_) @name) @function
(function_declaration name: (_) @name) @function
(property_declaration (variable_declaration (identifier) @name) (getter)) @method
(property_declaration (variable_declaration (identifier) @name) (lambda_literal)) @method
(anonymous_initializer "init" @name) @method
(secondary_constructor "constructor" @name) @method
(type_alias type: (_) @name) @type
(source_file (property_declaration (variable_declaration (identifier) @name)) @constant)
(class_body (property_declaration (variable_declaration (identifier) @name)) @table)
