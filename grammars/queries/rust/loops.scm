; Loops.

(for_expression) @loop
(while_expression) @loop
(loop_expression) @loop
