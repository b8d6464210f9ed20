# viztracer: every call of a Python function. Functions of C would double the events of a buffer of limited
# size; their time stands in the function that calls them.

from viztracer import VizTracer

tracer = VizTracer(output_file=OUT, verbose=0, ignore_c_function=True, max_stack_depth=200)
tracer.start()  # a tracer that was never stopped looks to pytest-benchmark as if it were running
tracer.stop()
tracer.clear()
traced = False


def begin():
    global traced
    traced = True
    tracer.start()


try:
    run_program(None if around_measured(begin, tracer.stop) else begin)
finally:
    tracer.stop()
    if traced:
        tracer.save(OUT)
