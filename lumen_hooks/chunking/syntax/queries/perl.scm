(comment) @lead
(pod) @lead
(package_statement name: (_) @name (block)) @unit
(source_file (package_statement name: (_) @name .) @unit @open)
(class_statement name: (_) @name (block)) @class
(role_statement name: (_) @name (block)) @trait
(subroutine_declaration_statement name: (_) @name) @function
(method_declaration_statement name: (_) @name) @function
(use_statement module: (package) @_module (list_expression . (autoquoted_bareword) @name)
  (#eq? @_module "constant")) @constant
(source_file (expression_statement (assignment_expression
  left: (variable_declaration variable: (_) @name)
  right: (anonymous_subroutine_expression))) @function)
(source_file (expression_statement (assignment_expression
  left: (variable_declaration variable: (_) @name))) @constant)
