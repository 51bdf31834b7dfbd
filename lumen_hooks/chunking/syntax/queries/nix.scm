(comment) @lead
(binding attrpath: (_) @name expression: (function_expression)) @function
(binding attrpath: (_) @name) @key
