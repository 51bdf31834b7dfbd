(comment) @lead
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @struct
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(delegate_declaration name: (_) @name) @type
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(destructor_declaration name: (_) @name) @method
(property_declaration name: (_) @name) @method
(indexer_declaration "this" @name) @method
(operator_declaration operator: _ @name) @method
(local_function_statement name: (_) @name) @function
