(comment) @lead
(decorator) @lead
(export_statement declaration: (_) @inner) @wrap
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: (_) @name) @method
(pair key: (_) @name value: [(arrow_function) (function_expression) (generator_function)]) @method
(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(variable_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(lexical_declaration
  (variable_declarator name: (identifier) @name value: (class))) @class
(expression_statement
  (assignment_expression
    left: [(identifier) (member_expression)] @name
    right: [(arrow_function) (function_expression) (generator_function)])) @function
(expression_statement
  (assignment_expression left: [(identifier) (member_expression)] @name right: (class))) @class
(export_statement
  "default" @name
  value: [(arrow_function) (function_expression) (generator_function)]) @function
(export_statement "default" @name value: (class)) @class
(program
  (lexical_declaration (variable_declarator name: (identifier) @name)) @constant)
(program
  (export_statement
    declaration: (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(program
  (variable_declaration (variable_declarator name: (identifier) @name)) @constant)
