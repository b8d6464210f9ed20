; Functions, and what qualifies their names. @name is what the thing is called, @body what follows
; its signature.

(function_item name: (_) @name body: (_) @body) @function

((closure_expression) @lambda (#set! name "{{closure}}"))

(impl_item type: (type_identifier) @name) @class
(impl_item type: (generic_type type: (_) @name)) @class
(impl_item type: (scoped_type_identifier) @name) @class
(trait_item name: (type_identifier) @name) @class
(mod_item name: (identifier) @name body: (_)) @class
