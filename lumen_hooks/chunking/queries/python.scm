(comment) @lead
(decorated_definition definition: (_) @inner) @wrap
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(module (expression_statement (assignment left: (identifier) @name)) @constant)
(module (type_alias_statement left: (_) @name) @type)
