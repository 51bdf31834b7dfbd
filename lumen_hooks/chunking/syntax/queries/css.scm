(comment) @lead
(rule_set (selectors (_) @name)) @class
(keyframes_statement "@keyframes" @label (keyframes_name) @text) @class
(media_statement "@media" @label . (_) @text) @class
(supports_statement "@supports" @label . (_) @text) @class
(at_rule (at_keyword) @label . (_) @text (block)) @class
(at_rule . (at_keyword) @name . (block)) @class
