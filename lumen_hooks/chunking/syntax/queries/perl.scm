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
(expression_statement (ambiguous_function_call_expression
  function: (_) @_has
  arguments: (list_expression
    . [(autoquoted_bareword) @name (string_literal (string_content) @name)]))
  (#eq? @_has "has")) @constant
(expression_statement (ambiguous_function_call_expression
  function: (_) @_modifier
  arguments: (list_expression
    . [(autoquoted_bareword) @name (string_literal (string_content) @name)]
    (anonymous_subroutine_expression)))
  (#any-of? @_modifier "before" "around" "after" "override" "augment")) @function
(source_file (expression_statement (assignment_expression
  left: (variable_declaration variable: (_) @name)
  right: (anonymous_subroutine_expression))) @function)
(source_file (expression_statement (assignment_expression
  left: (variable_declaration variable: (_) @name))) @constant)
