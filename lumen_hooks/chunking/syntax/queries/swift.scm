(comment) @lead
(multiline_comment) @lead
(class_declaration declaration_kind: "struct" name: (_) @name) @struct
(class_declaration declaration_kind: "enum" name: (_) @name) @enum
(class_declaration declaration_kind: "extension" name: (_) @name) @impl
(class_declaration name: (_) @name) @class
(protocol_declaration name: (_) @name) @interface
(function_declaration
  (modifiers (attribute (user_type) @_test (line_string_literal) @text))
  (#eq? @_test "Test")) @also
(call_expression
  (simple_identifier) @_suite
  (call_suffix (value_arguments . (value_argument (line_string_literal) @text)) (lambda_literal))
  (#any-of? @_suite "describe" "context")) @module
(call_expression
  (simple_identifier) @_test
  (call_suffix (value_arguments . (value_argument (line_string_literal) @text)) (lambda_literal))
  (#any-of? @_test "it" "test")) @function
(call_expression
  (navigation_expression (navigation_suffix (simple_identifier) @verb))
  (call_suffix (value_arguments . (value_argument (line_string_literal) @text)) (lambda_literal))
  (#any-of? @verb "get" "post" "put" "patch" "delete")) @function
(property_declaration
  name: (pattern (simple_identifier) @name)
  computed_value: (computed_property)) @method
(property_declaration
  name: (pattern (simple_identifier) @name)
  value: (lambda_literal)) @method
(function_declaration name: (simple_identifier) @name) @function
(function_declaration
  name: ["==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/" "%" "+=" "-=" (custom_operator)] @name) @function
(protocol_function_declaration name: (simple_identifier) @name) @function
(protocol_function_declaration
  name: ["==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/" "%" "+=" "-=" (custom_operator)] @name) @function
(init_declaration "init" @name) @method
(deinit_declaration "deinit" @name) @method
(subscript_declaration "subscript" @name) @method
(typealias_declaration name: (type_identifier) @name) @type
(source_file (property_declaration name: (pattern (simple_identifier) @name)) @constant)
(class_body (property_declaration name: (pattern (simple_identifier) @name)) @table)
