(line_comment) @lead
(block_comment) @lead
(method_declaration
  (modifiers
    (annotation
      name: (identifier) @verb
      arguments: (annotation_argument_list . (string_literal) @text)))
  (#any-of? @verb "GetMapping" "PostMapping" "PutMapping" "DeleteMapping" "PatchMapping")) @also
(method_declaration
  (modifiers
    (annotation
      name: (identifier) @_text
      arguments: (annotation_argument_list . (string_literal) @text)))
  (#any-of? @_text "RequestMapping" "DisplayName" "Path")) @also
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(annotation_type_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(compact_constructor_declaration name: (_) @name) @method
(static_initializer "static" @name) @method
(enum_constant name: (_) @name body: (class_body)) @class
(field_declaration
  declarator: (variable_declarator name: (identifier) @name value: (lambda_expression))) @method
(field_declaration
  declarator: (variable_declarator
    name: (identifier) @name
    value: (object_creation_expression (class_body)))) @constant
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @table
