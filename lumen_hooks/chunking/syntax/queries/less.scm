(js_comment) @lead
(mixin_definition [(class_name) (id_name)] @name) @macro
(stylesheet (declaration . (property_name) @name) @constant)
