(comment) @lead
(function_definition
  declarator: (function_declarator
    declarator: (parenthesized_declarator
      (pointer_declarator
        declarator: (function_declarator declarator: (identifier) @name))))) @function
(function_definition declarator: (parenthesized_declarator (identifier) @name)) @function
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (_ (function_declarator declarator: (_) @name))) @function
(function_definition
  declarator: (_ (_ (function_declarator declarator: (_) @name)))) @function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(declaration declarator: (_ (function_declarator declarator: (identifier) @name))) @function
(type_definition
  type: (struct_specifier body: (_)) declarator: (type_identifier) @name) @struct
(type_definition
  type: (union_specifier body: (_)) declarator: (type_identifier) @name) @struct
(type_definition
  type: (enum_specifier body: (_)) declarator: (type_identifier) @name) @enum
(type_definition declarator: (type_identifier) @name) @type
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @struct
(enum_specifier name: (_) @name body: (_)) @enum
(preproc_function_def name: (_) @name) @macro
(preproc_def name: (_) @name) @constant
(translation_unit
  (declaration
    declarator: (init_declarator
      declarator: [
        (identifier) @name
        (pointer_declarator declarator: (identifier) @name)
        (array_declarator declarator: (identifier) @name)
        (pointer_declarator (array_declarator declarator: (identifier) @name))
      ])) @constant)
