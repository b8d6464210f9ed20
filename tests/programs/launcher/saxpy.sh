# A stand-in for a CUDA program, for tests on machines without a GPU: it launches nothing.
case ${1:-} in
'')
    echo "usage: saxpy BLOCKS" >&2
    exit 7
    ;;
nogpu)
    echo "saxpy: no CUDA-capable device is detected" >&2
    exit 1
    ;;
watched) # as long as nvidia-smi takes so many samples
    until [ "$(wc -l <"$STANDIN_ROWS" 2>/dev/null || echo 0)" -ge "$2" ]; do
        sleep 0.02
    done
    ;;
planted)
    sleep 60
    ;;
*)
    echo "launched $1 blocks"
    ;;
esac
