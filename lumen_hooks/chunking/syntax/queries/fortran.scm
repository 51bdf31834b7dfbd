(comment) @lead
(module (module_statement (name) @name)) @unit
(submodule (submodule_statement (name) @name)) @unit
(program (program_statement (name) @name)) @function
(function (function_statement name: (_) @name)) @function
(subroutine (subroutine_statement name: (_) @name)) @function
(module_procedure (module_procedure_statement name: (_) @name)) @function
(derived_type_definition (derived_type_statement (type_name) @name)) @struct
(interface (interface_statement [(name) (operator)] @name)) @interface
