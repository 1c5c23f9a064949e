# Runs the tests and shows what fails: each rung once. Sourced by ../t2t.
# shellcheck shell=bash disable=SC2154

# "03_shared_memory.Rungs/Transpose.TurnsEveryShape/v2_tile (reverse)" → "Transpose v2_tile", which all
# tests of the rung share. A test that is not of a rung is its own.
rung_of() {
    local test=${1%% (*}
    if [[ $test =~ ^[^.]*\.[^/]*/([^.]*)\..*/([^/]*)$ ]]; then
        echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
    else
        echo "$test"
    fi
}

# Shows the first failure in what a test printed, $@, without GoogleTest's frame. Sets `failures` to
# their number. Of a test that ended without any, a crash, it shows the end.
show_first_failure() {
    local line shown=no
    failures=0
    for line in "$@"; do
        case $line in
            *': Failure')
                ((++failures))
                shown=no
                if ((failures > 1)); then continue; fi
                shown=yes
                ;;
            '[ '* | '[-'*) shown=no ;;
            'Value of: result.ok()' | '  Actual: false' | 'Expected: true') continue ;;
        esac
        if [[ $shown == yes ]]; then printf '  %s\n' "$line"; fi
    done
    if ((failures == 0)); then
        failures=1
        printf '%s\n' "$@" | tail -n 20
    fi
}

# Reads what ctest prints and keeps all of it in the file $1. Of each rung that fails it shows one
# failure and the number of the others; $2 is the command that shows them all.
show_each_rung_once() {
    local of_a_rung='^([0-9]+)_[^.]*\.[^/]*/[^.]*\..*/(v[0-9]+_[^/ ]*)'
    local check
    local -A checks=()  # commands that look closer at what failed
    local line name='' rung last=$SECONDS failures skipped=0 closing=''
    local -a printed=() failed=()
    local -A count=()
    local result='^ *([0-9]+/[0-9]+) Test +#[0-9]+: (.*) \.+(\*\*\*| +)([A-Z].*)'
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        if [[ ! $line =~ ^(\ *Start\ |\ *[0-9]+/[0-9]+\ Test\ |[0-9]+%\ tests\ passed) ]]; then
            if [[ -n $name ]]; then printed+=("$line"); fi
            continue
        fi
        if [[ -n $name ]]; then  # what was printed since then is what this test said
            rung=$(rung_of "$name")
            if [[ -z ${count[$rung]:-} ]]; then
                failed+=("$rung")
                if [[ $device == cpu && $name =~ $of_a_rung ]]; then
                    checks["./t2t check ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"]=yes
                fi
                if [[ -t 1 ]]; then printf '\r\033[K'; fi
                printf '✗ %s\n' "$name"
                show_first_failure "${printed[@]}"
                printf '\n'
                count[$rung]=$((failures - 1))
            else
                show_first_failure "${printed[@]}" >/dev/null
                ((count[$rung] += failures)) || true
            fi
            name='' printed=()
        fi
        if [[ $line =~ $result ]]; then
            case ${BASH_REMATCH[3]}${BASH_REMATCH[4]} in
                '***Skipped'*) ((++skipped)) ;;
                '***'*) name=${BASH_REMATCH[2]} ;;
            esac
            if [[ -t 1 ]]; then
                printf '\r\033[K[%s] %.60s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
            elif ((SECONDS - last >= 10)); then
                printf '[%s] %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
                last=$SECONDS
            fi
        elif [[ $line == *'% tests passed'* ]]; then
            if [[ -t 1 ]]; then printf '\r\033[K'; fi
            closing=$line
            break
        fi
    done 3>"$1"
    cat >>"$1"  # a list of the failed and the skipped
    if [[ -z $closing ]]; then tail -n 20 "$1"; fi
    for rung in "${failed[@]}"; do
        if ((count[$rung])); then
            printf '%s: and %d more like it; %s shows them\n' "$rung" "${count[$rung]}" "$2"
        fi
    done
    for check in "${!checks[@]}"; do printf '%s says which lines and threads\n' "$check"; done | sort
    if ((skipped)); then
        printf 'skipped, because this machine lacks what they need: %d; %s says what\n' "$skipped" "$1"
    fi
    if [[ -n $closing ]]; then printf '%s\n' "$closing"; fi
}

# Runs the tests whose names match $1, but those that match $3; $2 is the command that runs these, too, and
# shows all that is printed, or empty when this is it.
run_ctest() {
    local log=$T2T_BUILD_DIR/test-$device.log
    local -a ctest=(ctest --test-dir "$T2T_BUILD_DIR/$device" --output-on-failure --no-tests=error
        -j "$(nproc)" -R "$1")
    if [[ -z $2 ]]; then exec "${ctest[@]}"; fi
    "${ctest[@]}" ${3:+-E "$3"} 2>&1 | show_each_rung_once "$log" "$2" || return
    local count
    if [[ -n $3 ]] && count=$("${ctest[@]}" -N | grep -c "$3"); then
        echo "$count cases of very long rows were left out, because they take seconds; $2 runs them, too"
    fi
}
