(line_comment) @lead
(block_comment) @lead
(class_declaration "interface" name: (_) @name) @interface
(class_declaration (modifiers (class_modifier "enum")) name: (_) @name) @enum
(class_declaration name: (_) @name) @class
(object_declaration name: (_) @name) @class
(function_declaration (user_type . (identifier) @scope) . "." . name: (_) @name) @function
(function_declaration name: (_) @name) @function
(secondary_constructor "constructor" @name) @method
(type_alias type: (_) @name) @type
(source_file (property_declaration (variable_declaration (identifier) @name)) @constant)
