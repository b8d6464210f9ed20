; Calls; @name is the callee as written.

(call function: (_) @name) @call
