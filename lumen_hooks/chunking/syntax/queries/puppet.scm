(comment) @lead
(class_definition . (identifier) @name) @class
(class_definition . (class_identifier) @name) @class
(defined_resource_type . (identifier) @name) @class
(defined_resource_type . (class_identifier) @name) @class
(function_declaration . (identifier) @name) @function
(function_declaration . (class_identifier) @name) @function
(type_declaration . (identifier) @name) @type
(type_declaration . (class_identifier) @name) @type
(node_definition (node_name) @name) @class
