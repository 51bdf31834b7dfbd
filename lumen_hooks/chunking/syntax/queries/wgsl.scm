(line_comment) @lead
(block_comment) @lead
(function_declaration name: (_) @name) @function
(struct_declaration name: (_) @name) @struct
(type_alias_declaration (identifier) @name) @type
(global_variable_declaration
  (variable_declaration (variable_identifier_declaration name: (_) @name))) @constant
(global_constant_declaration (variable_identifier_declaration name: (_) @name)) @constant
