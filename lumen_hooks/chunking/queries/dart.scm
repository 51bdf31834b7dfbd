(comment) @lead
(documentation_comment) @lead
(annotation) @lead
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
