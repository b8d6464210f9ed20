; Functions and classes. @name is what the thing is called, @body what follows its signature.
; A fixed name, for what has none in the text, is set with #set!.

(function_definition name: (identifier) @name body: (_) @body) @function

(class_definition name: (identifier) @name) @class

((lambda) @lambda (#set! name "<lambda>"))
