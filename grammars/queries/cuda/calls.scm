; Calls; @name is the callee as written.

(call_expression function: (_) @name . (argument_list)) @call
