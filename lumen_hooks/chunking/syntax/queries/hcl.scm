(comment) @lead
(config_file (body (block
  . (identifier) @_type . (_) @scope . (_) @name . (block_start)) @struct
  (#any-of? @_type "resource" "data" "ephemeral")))
(config_file (body (block . (identifier) @scope . (_) @name . (block_start)) @module
  (#eq? @scope "module")))
(config_file (body (block . (identifier) @scope . (_) @name . (block_start)) @constant
  (#any-of? @scope "variable" "output")))
(config_file (body (block . (identifier) @scope . (_) @name . (block_start)) @key))
(config_file (body (block . (identifier) . (_) @scope . (_) @name . (block_start)) @key))
(config_file (body (block . (identifier) @name . (block_start)) @module
  (#eq? @name "locals")))
(config_file (body (block . (identifier) @name . (block_start)) @key))
(config_file (body (block . (identifier) @_type . (block_start)
  (body (attribute . (identifier) @name) @constant)) (#eq? @_type "locals")))
(config_file (body (attribute . (identifier) @name) @key))
(config_file (object (object_elem key: (_) @name) @key))
