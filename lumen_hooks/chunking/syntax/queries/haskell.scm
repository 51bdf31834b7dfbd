(comment) @lead
(haddock) @lead
(pragma) @lead
(data_type name: (_) @name) @type
(newtype name: (_) @name) @type
(type_synonym name: (_) @name) @type
(type_family name: (_) @name) @type
(data_family name: (_) @name) @type
(class name: (_) @name) @class
(instance name: (_) @scope patterns: (_) @name) @class
(declarations (signature name: (_) @name) @function)
(declarations (function name: (_) @name) @function)
(declarations (function (infix operator: (_) @name)) @function)
(declarations (bind name: (_) @name) @function)
(foreign_import signature: (signature name: (_) @name)) @function
(class_declarations (signature name: (_) @name) @function)
(class_declarations (function name: (_) @name) @function)
(instance_declarations (function name: (_) @name) @function)
(instance_declarations (function (infix operator: (_) @name)) @function)
(instance_declarations (bind name: (_) @name) @function)
(pattern_synonym (equation synonym: [(constructor) @name (apply function: (_) @name)])) @constant
