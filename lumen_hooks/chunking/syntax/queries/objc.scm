(class_interface . (identifier) @name) @class
(class_implementation . (identifier) @name) @class
(protocol_declaration . (identifier) @name) @interface
(method_declaration (identifier) @name) @function
(implementation_definition (method_definition (identifier) @name) @function)
(property_declaration (struct_declaration (struct_declarator (pointer_declarator declarator: (_) @name)))) @constant
(property_declaration (struct_declaration (struct_declarator . (identifier) @name))) @constant
