# written_run.sh NAMES PART KEPT COMMAND...: runs a program that writes its profile into the working
# directory, and takes the profile away. NAMES are patterns, separated by blanks. A file that had such a
# name before steps aside while the program runs; KEPT lists these, for when this script is killed.
names=$1 part=$2 kept=$3
shift 3

take() {
    trap '' TERM INT HUP
    count=0
    for file in $names; do
        [ -f "$file" ] || continue
        count=$((count + 1))
        mv -- "$file" "$part.$count"
    done
    [ -f "$kept" ] || return 0
    while IFS= read -r file; do
        [ -e "$file" ] || [ ! -e "$file.perfloop-kept" ] || mv -- "$file.perfloop-kept" "$file"
    done <"$kept"
}

for file in $names; do
    [ -f "$file" ] || continue
    printf '%s\n' "$PWD/$file" >>"$kept"
    mv -- "$file" "$file.perfloop-kept"
done
trap 'take; exit 143' TERM INT HUP
"$@"
status=$?
take
exit $status
