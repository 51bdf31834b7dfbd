(comment) @lead
(decorated_definition definition: (_) @inner) @wrap
(decorated_definition
  (decorator
    (call
      function: (attribute attribute: (identifier) @verb)
      arguments: (argument_list . (string) @text)))
  definition: (_) @also
  (#any-of? @verb "get" "post" "put" "patch" "delete" "head" "options")
  (#match? @text "^.?.[/]"))
(decorated_definition
  (decorator
    (call
      function: (attribute attribute: (identifier) @_route)
      arguments: (argument_list . (string) @text)))
  definition: (_) @also
  (#any-of? @_route "route" "api_route" "websocket"))
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(module (expression_statement (assignment left: (identifier) @name)) @constant)
(module (type_alias_statement left: (_) @name) @type)
(class_definition
  body: (block (expression_statement (assignment left: (identifier) @name)) @table))
