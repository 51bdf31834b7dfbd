(comment) @lead
(rule (targets (_) @name) (#not-match? @name "^\\.[A-Z_]+$")) @function
(define_directive name: (_) @name) @macro
(makefile (variable_assignment name: (_) @name) @constant)
