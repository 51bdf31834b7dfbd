(comment) @lead
(contract_declaration name: (_) @name) @class
(library_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(function_definition name: (_) @name) @function
(modifier_definition name: (_) @name) @function
(constructor_definition "constructor" @name) @function
(fallback_receive_definition ["fallback" "receive"] @name) @function
(struct_declaration name: (_) @name) @struct
(enum_declaration name: (_) @name) @enum
(error_declaration name: (_) @name) @type
(event_definition name: (_) @name) @type
(user_defined_type_definition name: (_) @name) @type
(constant_variable_declaration name: (_) @name) @constant
(state_variable_declaration name: (_) @name) @constant
