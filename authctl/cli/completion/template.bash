# bash completion for authctl, for bash 4 and later; made by `authctl completion bash`.
#
# Names that other people chose are among what is offered, so nothing here evaluates a word or takes
# it for a pattern.

_authctl() {
    local IFS=$' \t\n' path= after= ended= quote= prefix= kind= source= word option
    local -i number=0 begin=0
    local -a words=() choices=()
    COMPREPLY=()
    _authctl_split
    local current=${words[${#words[@]} - 1]}
    _authctl_walk
    [[ $ended ]] && return
    if [[ $current == [\"\']* ]]; then
        quote=${current:0:1}
        current=${current:1}
    fi
    if [[ $after ]]; then
        _authctl_value "$after"
    elif [[ $current == --*=* ]]; then
        prefix=${current%%=*}
        _authctl_value "$prefix" || return
        prefix+==
    elif _authctl_attached; then
        prefix=${current:0:begin}
    elif [[ $current == -* ]]; then
        _authctl_options
    elif _authctl_commands; then
        kind=words
    else
        _authctl_argument
        [[ $kind || $current ]] || _authctl_options
    fi
    _authctl_offer
}

# Join again what bash split at = : and @, and leave out what is behind the cursor.
_authctl_split() {
    local line=${COMP_LINE:0:COMP_POINT} blank piece
    local -i i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${line%%[! $'\t\n']*}
        line=${line#"$blank"}
        piece=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && piece=$line
        line=${line#"$piece"}
        if [[ $blank ]] || ((i == 0)); then
            words+=("$piece")
        else
            words[${#words[@]} - 1]+=$piece
        fi
    done
}

# Find the command, how many arguments it has already, and an option that waits for its value.
_authctl_walk() {
    local -i i j
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        word=${words[i]//[\"\'\\]/}
        [[ $word == '~/'* ]] && word=$HOME/${word:2}
        words[i]=$word
        if [[ $after ]]; then
            after=
            continue
        fi
        case $word in
        --) ended=yes ;;
        --*=*) ;;
        --*) _authctl_value "$word" && after=$word ;;
        -?*)
            for ((j = 1; j < ${#word}; j++)); do
                if _authctl_value "-${word:j:1}"; then
                    ((j == ${#word} - 1)) && after=-${word:j:1}
                    break
                fi
            done
            ;;
        *)
            if ! _authctl_commands; then
                number+=1
            elif _authctl_is_choice "$word"; then
                path+=${path:+ }$word
            else
                ended=yes
            fi
            ;;
        esac
    done
    kind= source= choices=()
}

# Whether the current word is short options of which one has its value attached, as in -ojson;
# `begin` is then where the value begins.
_authctl_attached() {
    [[ $current == -[!-]* ]] || return
    local -i i
    for ((i = 1; i < ${#current}; i++)); do
        if _authctl_value "-${current:i:1}"; then
            begin=i+1
            return
        fi
    done
    return 1
}

_authctl_is_choice() {
    local choice
    for choice in "${choices[@]}"; do
        [[ $1 == "$choice" ]] && return
    done
    return 1
}

# Fill COMPREPLY with what begins as the current word does.
_authctl_offer() {
    local base=$current choice
    case $kind in
    files)
        compopt -o default
        return
        ;;
    names) _authctl_names "${current#"$prefix"}" ;;
    words) ;;
    *) return ;;
    esac
    # What readline replaces begins behind the last character at which it splits.
    while [[ $base && ($quote || $COMP_WORDBREAKS != *"${base: -1}"*) ]]; do
        base=${base%?}
    done
    base=${base%@} # where readline splits at @, the @ stands with what follows
    for choice in "${choices[@]}"; do
        choice=$prefix$choice
        [[ $choice == "$current"* ]] && COMPREPLY+=("${choice#"$base"}")
    done
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace
    return 0
}

# Ask for the names that begin so, and take those that can be neither code, pattern nor option.
_authctl_names() {
    local name
    local -a found=()
    mapfile -t found < <(
        command authctl __complete "$source" -- "${words[@]:1:${#words[@]} - 2}" "$1" \
            </dev/null 2>/dev/null
    )
    local LC_ALL=C
    choices=()
    for name in "${found[@]}"; do
        [[ $name && $name != -* && $name != *[!A-Za-z0-9._@+-]* ]] && choices+=("$name")
    done
}

# The commands of a group; fails where the path is a command already.
_authctl_commands() {
    case $path in
@commands@
    *) return 1 ;;
    esac
}

_authctl_options() {
    kind=words
    case $path in
@options@
    *) choices=() ;;
    esac
@shared@
}

# What follows an option; fails for one that takes no value.
_authctl_value() {
    kind=
    case $1 in
@values@
    *)
        case "$path $1" in
@own_values@
        esac
        ;;
    esac
    [[ $kind ]]
}

# What the next argument may be.
_authctl_argument() {
    case "$path $number" in
@arguments@
    esac
}

complete -F _authctl authctl
