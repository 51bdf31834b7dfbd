(comment) @lead
(attribute) @lead
(value_definition (let_binding pattern: (value_name) @name
  body: [(fun_expression) (function_expression)])) @function
(value_definition (let_binding pattern: (_) @name (parameter))) @function
(value_definition (let_binding pattern: (value_name) @name)) @constant
(type_definition (type_binding name: (_) @name)) @type
(module_definition (module_binding (module_name) @name)) @unit
(module_type_definition (module_type_name) @name) @interface
(class_definition (class_binding (class_name) @name)) @class
(class_type_definition (class_type_binding (class_type_name) @name)) @interface
(method_definition (method_name) @name) @function
(exception_definition (constructor_declaration (constructor_name) @name)) @type
(external (value_name) @name) @function
(value_specification (value_name) @name) @function
