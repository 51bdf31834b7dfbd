(comment) @lead
(block_comment) @lead
(list_lit (defun (defun_header keyword: (defun_keyword "defmacro") function_name: (_) @name))) @macro
(list_lit (defun (defun_header function_name: (_) @name))) @function
(list_lit . (sym_lit) @_what . (sym_lit) @name
  (#any-of? @_what "defclass" "define-condition")) @class
(list_lit . (sym_lit) @_what . (sym_lit) @name (#eq? @_what "defstruct")) @struct
(list_lit . (sym_lit) @_what . (list_lit . (sym_lit) @name) (#eq? @_what "defstruct")) @struct
(list_lit . (sym_lit) @_what . (sym_lit) @name (#eq? @_what "deftype")) @type
(list_lit . (sym_lit) @_what . (_) @name (#eq? @_what "defpackage")) @key
(list_lit . (sym_lit) @_what . (sym_lit) @name
  (#any-of? @_what "defvar" "defparameter" "defconstant")) @constant
