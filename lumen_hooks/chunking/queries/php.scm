(comment) @lead
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
(program (const_declaration (const_element (name) @name)) @constant)
