(class_body
  (decorator
    (call_expression function: (identifier) @verb arguments: (arguments . (string) @text)))
  .
  (method_definition) @also
  (#any-of? @verb "Get" "Post" "Put" "Patch" "Delete"))
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(type_alias_declaration name: (_) @name) @type
(internal_module name: (_) @name) @module
(module name: (_) @name) @module
(function_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @method
(public_field_definition
  name: (_) @name
  value: [(arrow_function) (function_expression) (generator_function)]) @method
(public_field_definition name: (_) @name) @table
