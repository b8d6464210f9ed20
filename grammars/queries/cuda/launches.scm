; Kernel launches: kernel<<<grid, block>>>(arguments).

(call_expression function: (_) @name (kernel_call_syntax)) @launch
