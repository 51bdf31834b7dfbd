(line_comment) @lead
(block_comment) @lead
(entity_declaration entity: (_) @name) @unit
(architecture_definition architecture: (_) @name) @unit
(package_declaration package: (_) @name) @unit
(package_definition package: (_) @name) @unit
(configuration_declaration configuration: (_) @name) @class
(component_declaration component: (_) @name) @interface
(subprogram_definition (function_specification function: (_) @name)) @function
(subprogram_definition (procedure_specification procedure: (_) @name)) @function
(subprogram_declaration (function_specification function: (_) @name)) @function
(subprogram_declaration (procedure_specification procedure: (_) @name)) @function
(process_statement (label_declaration (label) @name)) @function
(type_declaration type: (_) @name) @type
