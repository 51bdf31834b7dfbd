(comment) @lead
(marginalia) @lead
(create_table [(keyword_table) (keyword_exists)] . (object_reference) @name) @struct
(create_view [(keyword_view) (keyword_exists)] . (object_reference) @name) @type
(create_materialized_view [(keyword_view) (keyword_exists)] . (object_reference) @name) @type
(create_type (keyword_type) . (object_reference) @name) @type
(create_function (keyword_function) . (object_reference) @name) @function
(create_procedure (keyword_procedure) . (object_reference) @name) @function
(create_trigger (keyword_trigger) . (object_reference) @name) @function
(create_index column: (_) @name) @key
(create_sequence [(keyword_sequence) (keyword_exists)] . (object_reference) @name) @key
(create_schema (identifier) @name) @key
