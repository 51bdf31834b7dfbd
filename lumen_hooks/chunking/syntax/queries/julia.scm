(line_comment) @lead
(block_comment) @lead
(string_literal) @lead
(module_definition name: (_) @name) @module
(function_definition (signature [
  (call_expression . (_) @name)
  (identifier) @name
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))
  (where_expression . (typed_expression . (call_expression . (_) @name)))])) @function
(macro_definition (signature (call_expression . (_) @name))) @macro
(assignment . [
  (call_expression . (_) @name)
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))
  (where_expression . (typed_expression . (call_expression . (_) @name)))]) @function
(struct_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (_) @name)
  (binary_expression . (identifier) @name)
  (binary_expression . (parametrized_type_expression . (_) @name))])) @struct
(abstract_definition (type_head [
  (identifier) @name
  (parametrized_type_expression . (_) @name)
  (binary_expression . (identifier) @name)
  (binary_expression . (parametrized_type_expression . (_) @name))])) @type
(primitive_definition (type_head (_) @name)) @type
(const_statement (assignment . (_) @name)) @constant
