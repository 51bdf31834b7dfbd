(comment) @lead
(block_mapping_pair key: (_) @name) @key
(block_sequence_item
  (block_node
    (block_mapping
      .
      (block_mapping_pair key: (flow_node) @_name value: (flow_node) @text)))
  (#any-of? @_name "name" "id")) @key
