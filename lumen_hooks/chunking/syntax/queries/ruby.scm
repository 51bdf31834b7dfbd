(comment) @lead
(call
  method: (identifier) @_desc
  arguments: (argument_list . (string) .)
  (#eq? @_desc "desc")) @lead
(call !arguments method: (identifier) @_sig block: (_) (#eq? @_sig "sig")) @lead
; Tests, routes, tasks and what Rails declares: a call with a text, mostly with a block.
(call
  method: (identifier) @_suite
  arguments: (argument_list . [(string) (simple_symbol)] @text)
  block: (_)
  (#any-of? @_suite
    "describe" "context" "feature" "shared_examples" "shared_examples_for" "shared_context"
    "namespace" "concern" "resources" "resource")) @module
(call
  method: (identifier) @_suite
  arguments: (argument_list . [(constant) (scope_resolution)] @name)
  block: (_)
  (#any-of? @_suite "describe" "context" "feature")) @module
(call
  method: (identifier) @_test
  arguments: (argument_list . [(string) (simple_symbol)] @text)
  block: (_)
  (#any-of? @_test
    "it" "specify" "example" "scenario" "test" "should" "its" "fit" "xit" "task" "file"
    "factory" "trait")) @function
(call
  method: (identifier) @_task
  arguments: (argument_list . (pair key: [(hash_key_symbol) (string) (simple_symbol)] @text))
  block: (_)
  (#any-of? @_task "task" "file")) @function
(call
  method: (identifier) @_let
  arguments: (argument_list . [(string) (simple_symbol)] @text)
  block: (_)
  (#any-of? @_let "let" "let!" "subject" "subject!" "let_it_be")) @constant
(call
  method: (identifier) @_defines
  arguments: (argument_list . [(simple_symbol) (string)] @text)
  (#any-of? @_defines "define_method" "define_singleton_method" "scope" "has_many" "has_one"
    "belongs_to" "has_and_belongs_to_many")) @method
(call
  method: (identifier) @_table
  arguments: (argument_list . [(simple_symbol) (string)] @text)
  block: (_)
  (#any-of? @_table "create_table" "change_table" "create_join_table")) @struct
(call
  method: (identifier) @verb
  arguments: (argument_list . (string) @text)
  block: (_)
  (#any-of? @verb "get" "post" "put" "patch" "delete" "options" "head")
  (#match? @text "^.[/*]")) @function
(call
  method: (identifier) @verb
  arguments: (argument_list . (string) @text . (pair key: (hash_key_symbol) @_to))
  (#any-of? @verb "get" "post" "put" "patch" "delete" "match")
  (#any-of? @_to "to" "as" "controller" "action")) @function
(call
  method: (identifier) @verb
  arguments: (argument_list . (pair key: (string) @text value: (string)))
  (#any-of? @verb "get" "post" "put" "patch" "delete" "match")) @function
(call
  !block
  method: (identifier) @label
  arguments: (argument_list . (simple_symbol) @text)
  (#any-of? @label "resources" "resource")) @function
(class name: (_) @name) @class
(module name: (_) @name) @module
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(program (assignment left: (constant) @name) @constant)
(class body: (body_statement (assignment left: (constant) @name) @table))
(module body: (body_statement (assignment left: (constant) @name) @table))
