(comment) @lead
(program (label) @name @function @open)
