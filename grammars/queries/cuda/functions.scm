; Functions, and what qualifies their names. @name is what the thing is called, @body what follows
; its signature. A declarator may be wrapped once or twice: `float *f()`, `T &C::f()`.

(function_definition
  declarator: (function_declarator declarator: (_) @name)
  body: (_) @body) @function
(function_definition
  declarator: (_ (function_declarator declarator: (_) @name))
  body: (_) @body) @function
(function_definition
  declarator: (_ (_ (function_declarator declarator: (_) @name)))
  body: (_) @body) @function
(function_definition
  declarator: (operator_cast) @name
  body: (_) @body) @function

((lambda_expression) @lambda (#set! name "{lambda}"))

(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @class
