(comment) @lead
(documentation_comment) @lead
(annotation) @lead
(expression_statement
  (identifier) @_suite
  (selector
    (argument_part
      (arguments . (argument (string_literal) @text) (argument (function_expression)))))
  (#eq? @_suite "group")) @module
(expression_statement
  (identifier) @_test
  (selector
    (argument_part
      (arguments . (argument (string_literal) @text) (argument (function_expression)))))
  (#any-of? @_test "test" "testWidgets" "blocTest" "testGoldens")) @function
(class_definition name: (_) @name) @class
(mixin_declaration (mixin) . (identifier) @name) @trait
(extension_declaration name: (_) @name) @class
(enum_declaration name: (_) @name) @enum
(type_alias . (type_identifier) @name) @type
((function_signature name: (_) @name) @function . (function_body) @end)
((getter_signature name: (_) @name) @function . (function_body) @end)
((setter_signature name: (_) @name) @function . (function_body) @end)
((method_signature (function_signature name: (_) @name)) @method . (function_body) @end)
((method_signature (getter_signature name: (_) @name)) @method . (function_body) @end)
((method_signature (setter_signature name: (_) @name)) @method . (function_body) @end)
((method_signature (operator_signature (binary_operator) @name)) @method
  .
  (function_body) @end)
((method_signature
  (constructor_signature name: (identifier) . name: (identifier) @name)) @method
  .
  (function_body) @end)
((method_signature
  (constructor_signature . name: (identifier) @name . parameters: (_))) @method
  .
  (function_body) @end)
((method_signature (factory_constructor_signature (identifier) @name . (_) .)) @method
  .
  (function_body) @end)
(program (static_final_declaration_list (static_final_declaration (identifier) @name)) @constant)
