; Calls; @name is the callee as written. Macros count: most of them hide a call.

(call_expression function: (_) @name) @call
(macro_invocation macro: (_) @name) @call
