(declaration . (layout_specification) . (identifier) @name (field_declaration_list)) @struct
(declaration . (identifier) @name (field_declaration_list)) @struct
