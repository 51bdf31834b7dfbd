(comment) @lead
(source_file (from_instruction as: (_) @name) @section @open)
(source_file (from_instruction (image_spec) @name !as) @section @open)
