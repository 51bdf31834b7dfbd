(line_comment) @lead
(block_comment) @lead
(attribute_item) @lead
((attribute_item
  (attribute (identifier) @verb arguments: (token_tree . (string_literal) @text)))
  .
  (function_item) @also
  (#any-of? @verb "get" "post" "put" "patch" "delete"))
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @struct
(union_item name: (_) @name) @struct
(enum_item name: (_) @name) @enum
(trait_item name: (_) @name) @trait
(impl_item type: (_) @name) @impl
(mod_item name: (_) @name body: (_)) @module
(macro_definition name: (_) @name) @macro
(type_item name: (_) @name) @type
(const_item name: (_) @name) @constant
(static_item name: (_) @name) @constant
