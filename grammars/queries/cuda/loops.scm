; Loops.

(for_statement) @loop
(for_range_loop) @loop
(while_statement) @loop
(do_statement) @loop
