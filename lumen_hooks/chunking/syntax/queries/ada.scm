(comment) @lead
(package_declaration name: (_) @name) @unit
(package_body name: (_) @name) @unit
(subprogram_declaration (procedure_specification name: (_) @name)) @function
(subprogram_declaration (function_specification name: (_) @name)) @function
(subprogram_body (procedure_specification name: (_) @name)) @function
(subprogram_body (function_specification name: (_) @name)) @function
(expression_function_declaration (function_specification name: (_) @name)) @function
(full_type_declaration . (identifier) @name) @type
(subtype_declaration . (identifier) @name) @type
