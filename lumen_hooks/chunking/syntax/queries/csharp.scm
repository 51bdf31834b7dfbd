(comment) @lead
; Routes: of minimal APIs, and of a method's attribute.
(invocation_expression
  function: (member_access_expression name: (identifier) @verb)
  arguments: (argument_list . (argument (string_literal) @text) . (argument (_)))
  (#any-of? @verb "MapGet" "MapPost" "MapPut" "MapDelete" "MapPatch")) @function
(method_declaration
  (attribute_list
    (attribute
      name: (identifier) @verb
      (attribute_argument_list . (attribute_argument (string_literal) @text))))
  (#any-of? @verb "HttpGet" "HttpPost" "HttpPut" "HttpDelete" "HttpPatch")) @also
(method_declaration
  name: (identifier) @name
  parameters: (parameter_list . (parameter (modifier) @_this type: (_) @scope))
  (#eq? @_this "this")) @also
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @struct
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(delegate_declaration name: (_) @name) @type
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(destructor_declaration name: (_) @name) @method
(property_declaration name: (_) @name) @method
(indexer_declaration "this" @name) @method
(operator_declaration operator: _ @name) @method
(local_function_statement name: (_) @name) @function
(event_declaration name: (_) @name) @method
(field_declaration
  (variable_declaration (variable_declarator name: (identifier) @name (lambda_expression)))) @method
(field_declaration
  (variable_declaration (variable_declarator name: (identifier) @name))) @table
