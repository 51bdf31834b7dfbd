(one_line_comment) @lead
(block_comment) @lead
(module_declaration [
  (module_ansi_header name: (_) @name)
  (module_nonansi_header name: (_) @name)]) @unit
(module_declaration name: (_) @name) @unit
(interface_declaration [
  (interface_ansi_header name: (_) @name)
  (interface_nonansi_header name: (_) @name)]) @interface
(program_declaration (program_ansi_header name: (_) @name)) @unit
(package_declaration name: (_) @name) @unit
(class_declaration name: (_) @name) @class
(interface_class_declaration name: (_) @name) @interface
(function_declaration (function_body_declaration name: (_) @name)) @function
(task_declaration (task_body_declaration name: (_) @name)) @function
(class_constructor_declaration "new" @name) @function
(type_declaration type_name: (_) @name) @type
(text_macro_definition (text_macro_name (simple_identifier) @name)) @macro
(property_declaration (simple_identifier) @name) @function
(sequence_declaration (simple_identifier) @name) @function
(covergroup_declaration name: (_) @name) @class
(constraint_declaration (simple_identifier) @name) @function
