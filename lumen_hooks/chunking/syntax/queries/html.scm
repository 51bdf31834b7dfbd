(comment) @lead
(element [
  (start_tag (attribute (attribute_name) @_id
    [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))
  (self_closing_tag (attribute (attribute_name) @_id
    [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))
  ] (#eq? @_id "id")) @section
(element ((start_tag . (tag_name) @name) @_tag (#not-match? @_tag "\\sid\\s*="))
  (#any-of? @name "article" "aside" "dialog" "fieldset" "footer" "form" "header" "main" "nav"
    "section" "table")) @section
